// One unary gRPC call of ours in progress, from its arrival to its status.
#ifndef VERDICT_SERVER_CALL_H_
#define VERDICT_SERVER_CALL_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>

#include "absl/status/status.h"
#include "server/admission.h"
#include "server/caller.h"
#include "server/metric_labels.h"
#include "server/serving.h"

namespace verdict {

// What all unary calls share: they are counted, know whether their caller is still there, and end
// exactly once, by Reply or by Fail.
//
// A call is made with new and deletes itself in OnDone, which gRPC runs after the call has ended
// and no other reaction runs any more. So a call that has not ended is alive, whatever its client
// does; and one that has ended must not be touched, not even by the function that ended it.
class Call : public grpc::ServerUnaryReactor {
 public:
  // `serving` outlives the call.
  Call(Method method, const Serving& serving, grpc::CallbackServerContext* context,
       grpc::ByteBuffer* response);

  void OnCancel() final { caller_.Leave(); }
  void OnDone() final { delete this; }

  // These end the call.
  void Reply(const google::protobuf::MessageLite& message);
  void Fail(const absl::Status& status);

 protected:
  ~Call() override = default;

  // Counts the request. REQUIRES: nothing else was done yet.
  //
  // CANCELLED: the request has not come, and never will.
  absl::Status Receive(const grpc::ByteBuffer& request);

  // Receives it, and takes what the call holds from its arrival until gRPC lets go of it: one text,
  // and the bytes of its request.
  //
  // RESOURCE_EXHAUSTED: too much is in flight. CANCELLED: see Receive.
  absl::Status Admit(const grpc::ByteBuffer& request);

  // Takes more: the texts of a batch but one, the bytes of a reply larger than its request.
  // REQUIRES: Admit was OK.
  //
  // RESOURCE_EXHAUSTED: too much is in flight.
  absl::Status AdmitMore(int64_t texts, int64_t bytes) { return ticket_.Add(texts, bytes); }

  const Serving& serving() const { return serving_; }
  const Caller& caller() const { return caller_; }

 private:
  void End(const absl::Status& status);

  const Method method_;
  const Serving& serving_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const response_;
  Caller caller_;
  Admission::Ticket ticket_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_CALL_H_
