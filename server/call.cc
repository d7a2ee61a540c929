#include "server/call.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>

#include <string>

#include "absl/time/clock.h"

namespace verdict {
namespace {

// When a caller that met a full queue may try again. A full queue is seconds of work.
constexpr char kRetryPushbackMilliseconds[] = "1000";

// The client's clock and timers decide when a deadline has passed. They and the way here may make
// it look earlier or later than by ours.
constexpr absl::Duration kDeadlineTolerance = absl::Milliseconds(10);

}  // namespace

Call::Call(Method method, Metrics* metrics, grpc::CallbackServerContext* context,
           grpc::ByteBuffer* response)
    : method_(method),
      arrival_(absl::Now()),
      deadline_(absl::FromChrono(context->deadline())),
      metrics_(metrics),
      context_(context),
      response_(response) {
  metrics_->CallStarted(method_);
}

// A deadline that passes is a cancellation too, for gRPC: by its own timer here, or by the client,
// which gives up at the same moment.
void Call::OnCancel() {
  abandoned_ = absl::Now() + kDeadlineTolerance < deadline_ ? absl::StatusCode::kCancelled
                                                            : absl::StatusCode::kDeadlineExceeded;
}

absl::Status Call::Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::ByteBuffer unread = bytes;  // shares the bytes; reading consumes the buffer
  grpc::ProtoBufferReader reader(&unread);
  if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) {
    return absl::InvalidArgumentError("the request is not a " + message->GetTypeName());
  }
  return absl::OkStatus();
}

void Call::Reply(const google::protobuf::MessageLite& message) {
  bool own_buffer = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::MessageLite>(
          message, response_, &own_buffer);
  End(status.ok() ? absl::OkStatus() : absl::InternalError("the reply could not be serialized"));
}

void Call::Fail(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", kRetryPushbackMilliseconds);
  }
  End(status);
}

// Counts before it finishes: whoever has a reply finds it in the metrics.
void Call::End(const absl::Status& status) {
  metrics_->CallHandled(method_, status.code(), absl::Now() - arrival_);
  Finish(grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message())));
}

}  // namespace verdict
