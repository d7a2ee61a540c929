// One gRPC call of ours in progress, from its arrival to its status.
#ifndef VERDICT_SERVER_CALL_H_
#define VERDICT_SERVER_CALL_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/metrics.h"

namespace verdict {

// What all unary calls share: they are counted, know whether their caller is still there, and end
// exactly once, by Reply or by Fail.
//
// A call is made with new and deletes itself in OnDone, which gRPC runs after the call has ended
// and no other reaction runs any more. So a call that has not ended is alive, whatever its client
// does; and one that has ended must not be touched, not even by the function that ended it.
//
// Requests come as bytes, because gRPC's own parse answers UNIMPLEMENTED to a string that is not
// UTF-8 and never shows it to the service; replies go as bytes because requests do.
class Call : public grpc::ServerUnaryReactor {
 public:
  Call(Method method, Metrics* metrics, grpc::CallbackServerContext* context,
       grpc::ByteBuffer* response);

  void OnCancel() final;
  void OnDone() final { delete this; }

 protected:
  ~Call() override = default;

  // INVALID_ARGUMENT: `bytes` are not a message of this type.
  static absl::Status Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message);

  // These end the call.
  void Reply(const google::protobuf::MessageLite& message);
  void Fail(const absl::Status& status);

  absl::Time arrival() const { return arrival_; }
  absl::Time deadline() const { return deadline_; }
  // Becomes CANCELLED when the caller goes away, DEADLINE_EXCEEDED when its deadline passes; lives
  // as long as the call.
  const std::atomic<absl::StatusCode>& abandoned() const { return abandoned_; }

 private:
  void End(const absl::Status& status);

  const Method method_;
  const absl::Time arrival_;
  const absl::Time deadline_;
  Metrics* const metrics_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  std::atomic<absl::StatusCode> abandoned_ = absl::StatusCode::kOk;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_CALL_H_
