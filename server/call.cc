#include "server/call.h"

#include <grpcpp/server_context.h>

#include <string>

#include "absl/time/clock.h"
#include "server/message_bytes.h"

namespace verdict {
namespace {

// When a caller that met a full queue may try again. A full queue is seconds of work.
constexpr char kRetryPushbackMilliseconds[] = "1000";

}  // namespace

Call::Call(Method method, Metrics* metrics, grpc::CallbackServerContext* context,
           grpc::ByteBuffer* response)
    : method_(method),
      metrics_(metrics),
      context_(context),
      response_(response),
      caller_(*context) {
  metrics_->CallStarted(method_);
}

void Call::Reply(const google::protobuf::MessageLite& message) {
  End(SerializeMessage(message, response_));
}

void Call::Fail(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", kRetryPushbackMilliseconds);
  }
  End(status);
}

// Counts before it finishes: whoever has a reply finds it in the metrics.
void Call::End(const absl::Status& status) {
  metrics_->CallHandled(method_, status.code(), absl::Now() - caller_.arrival());
  Finish(grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message())));
}

}  // namespace verdict
