// One unary gRPC call of ours in progress, from its arrival to its status.
#ifndef VERDICT_SERVER_RPC_CALL_H_
#define VERDICT_SERVER_RPC_CALL_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "server/batching/admission.h"
#include "server/metrics/metric_labels.h"
#include "server/rpc/caller.h"
#include "server/rpc/serving.h"
#include "server/tracing/followed_call.h"
#include "server/tracing/text_stages.h"
#include "server/transport/bytes_service.h"
#include "server/transport/unfinished_requests.h"

namespace verdict {

// What all unary calls share: they are counted and followed, read their request, know whether their
// caller is still there, and end exactly once, by Reply or by Fail.
//
// A call is made with new and deletes itself in OnDone, which gRPC runs after the call has ended
// and no other reaction runs any more. So a call that has not ended is alive, whatever its client
// does; and one that has ended must not be touched, not even by the function that ended it.
class Call : public BytesReactor {
 public:
  // `serving` outlives the call.
  Call(Method method, const Serving& serving, grpc::CallbackServerContext* context);

  // Reads the request of `named`, then starts.
  void Read(const NamedCaller* named);

  void OnReadDone(bool ok) final;
  void OnCancel() final { caller_.Leave(); }
  void OnDone() final { delete this; }

  // These end the call.
  void Reply(const google::protobuf::MessageLite& message);
  void Fail(const absl::Status& status);

 protected:
  ~Call() override = default;

  // Called when the request is here: answers it, or arranges for an answer.
  virtual void Start() = 0;

  const grpc::ByteBuffer& request() const { return request_; }

  // Counts what the call's texts came to, now that it ends with `code`.
  virtual void CountTexts(absl::StatusCode /*code*/) const {}

  // When its texts went through their stages, in the order of the request. Asked for at the end, if
  // anybody wants to know.
  virtual std::vector<TextStages> Stages() const { return {}; }

  // Takes a ticket, until gRPC lets go of the call, for one text and the bytes of the request.
  //
  // RESOURCE_EXHAUSTED: too much is in flight.
  absl::Status Admit();

  // Adds to the ticket: the other texts of a batch, the bytes of a reply that is larger than its
  // request. REQUIRES: Admit was OK.
  //
  // RESOURCE_EXHAUSTED: too much is in flight.
  absl::Status AdmitMore(int64_t texts, int64_t bytes) { return ticket_.Add(texts, bytes); }

  // Runs `slice` until it is false: here and now if the request is small, else as SlicedWork. It
  // must not touch the call once that has ended.
  void Work(std::function<bool()> slice);

  // Whether the caller still waits, asked while its texts are being tokenized.
  //
  // DEADLINE_EXCEEDED, CANCELLED: it does not.
  absl::Status CheckCaller(int64_t texts) const;

  const Serving& serving() const { return serving_; }
  const Caller& caller() const { return caller_; }
  FollowedCall& followed() { return followed_; }

 private:
  void End(const absl::Status& status);

  const Method method_;
  const Serving& serving_;
  grpc::CallbackServerContext* const context_;
  Caller caller_;
  FollowedCall followed_;
  UnfinishedRequests::Place unfinished_;  // until the request is here
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  Admission::Ticket ticket_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CALL_H_
