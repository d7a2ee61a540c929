#include "server/call.h"

#include <grpcpp/server_context.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"
#include "server/error_reason.h"
#include "server/message_bytes.h"

namespace verdict {
namespace {

// As gRPC's retries read it; they obey a negative number by giving up.
std::string PushbackMs(const absl::Status& status) {
  const std::optional<absl::Duration> delay = RetryDelayOf(status);
  if (!delay.has_value()) return "-1";
  return absl::StrCat(absl::ToInt64Milliseconds(absl::Ceil(*delay, absl::Milliseconds(1))));
}

}  // namespace

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
  if (absl::IsResourceExhausted(status)) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", PushbackMs(status));
  }
  End(status);
}

// Counts before it finishes: whoever has a reply finds it in the metrics.
void Call::End(const absl::Status& status) {
  if (status.ok()) serving_.metrics->MessageSent(method_);
  serving_.metrics->CallHandled(method_, status.code(), SteadyNow() - caller_.arrival());
  // Who has gone reads no details, and thousands may go at once.
  const bool is_read = caller_.abandoned() == absl::StatusCode::kOk;
  Finish(is_read ? ToCaller(status) : ToGrpcStatus(status));
}

}  // namespace verdict
