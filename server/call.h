// One unary gRPC call of ours in progress, from its arrival to its status.
#ifndef VERDICT_SERVER_CALL_H_
#define VERDICT_SERVER_CALL_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "server/caller.h"
#include "server/metrics.h"

namespace verdict {

// What all unary calls share: they are counted, know whether their caller is still there, and end
// exactly once, by Reply or by Fail.
//
// A call is made with new and deletes itself in OnDone, which gRPC runs after the call has ended
// and no other reaction runs any more. So a call that has not ended is alive, whatever its client
// does; and one that has ended must not be touched, not even by the function that ended it.
class Call : public grpc::ServerUnaryReactor {
 public:
  Call(Method method, Metrics* metrics, grpc::CallbackServerContext* context,
       grpc::ByteBuffer* response);

  void OnCancel() final { caller_.Leave(); }
  void OnDone() final { delete this; }

  // These end the call.
  void Reply(const google::protobuf::MessageLite& message);
  void Fail(const absl::Status& status);

 protected:
  ~Call() override = default;

  const Caller& caller() const { return caller_; }

 private:
  void End(const absl::Status& status);

  const Method method_;
  Metrics* const metrics_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  Caller caller_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_CALL_H_
