#include "server/call.h"

#include <grpcpp/server_context.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "server/message_bytes.h"
#include "server/refusal.h"

namespace verdict {
Call::Call(Method method, const Serving& serving, grpc::CallbackServerContext* context,
           grpc::ByteBuffer* response)
    : method_(method),
      serving_(serving),
      context_(context),
      response_(response),
      caller_(serving.open_calls, *context) {
  serving_.metrics->CallStarted(method_);
}

absl::Status Call::Receive(const grpc::ByteBuffer& request) {
  // A connection that ends brings us all its calls whose requests had not come: thousands, perhaps,
  // and gRPC takes its time to let go of them. They must not take the room of others.
  if (!request.Valid()) {
    return absl::CancelledError("the caller went away before all of its request had come");
  }
  serving_.metrics->MessageReceived(method_);
  return absl::OkStatus();
}

absl::Status Call::Admit(const grpc::ByteBuffer& request) {
  if (absl::Status status = Receive(request); !status.ok()) return status;
  absl::StatusOr<Admission::Ticket> ticket =
      serving_.admission->Admit(1, static_cast<int64_t>(request.Length()));
  if (!ticket.ok()) return ticket.status();
  ticket_ = *std::move(ticket);
  return absl::OkStatus();
}

void Call::Reply(const google::protobuf::MessageLite& message) {
  End(SerializeMessage(message, response_));
}

void Call::Fail(const absl::Status& status) {
  const std::optional<Refusal> refusal = RefusalOf(status);
  if (refusal.has_value() && absl::IsResourceExhausted(status)) {
    // A negative one forbids another try.
    const int64_t pushback_ms =
        refusal->retry_delay.has_value()
            ? absl::ToInt64Milliseconds(absl::Ceil(*refusal->retry_delay, absl::Milliseconds(1)))
            : -1;
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", absl::StrCat(pushback_ms));
  }
  End(status);
}

// Counts before it finishes: whoever has a reply finds it in the metrics.
void Call::End(const absl::Status& status) {
  if (status.ok()) serving_.metrics->MessageSent(method_);
  serving_.metrics->CallHandled(method_, status.code(), SteadyNow() - caller_.arrival());
  Finish(grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message())));
}

}  // namespace verdict
