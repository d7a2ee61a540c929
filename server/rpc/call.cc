#include "server/rpc/call.h"

#include <grpcpp/server_context.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"
#include "server/contract/error_reason.h"
#include "server/transport/message_bytes.h"

namespace verdict {
namespace {

// As gRPC's retries read it; they obey a negative number by giving up.
std::string PushbackMs(const absl::Status& status) {
  const std::optional<absl::Duration> delay = RetryDelayOf(status);
  if (!delay.has_value()) return "-1";
  return absl::StrCat(absl::ToInt64Milliseconds(absl::Ceil(*delay, absl::Milliseconds(1))));
}

// A request that is larger is worked on by threads of their own. Tokenizing as much takes less than
// a millisecond; handing it over, some microseconds.
constexpr size_t kSmallRequestBytes = 16 << 10;

}  // namespace

Call::Call(Method method, const Serving& serving, grpc::CallbackServerContext* context)
    : method_(method),
      serving_(serving),
      context_(context),
      caller_(serving.open_calls, *context),
      followed_(serving.tracing, serving.KindOf(method), caller_.arrival(), context) {
  serving_.metrics->calls().Started(method_);
}

void Call::Read(const NamedCaller* named) {
  caller_.Name(named);
  followed_.Name(named);
  unfinished_ = serving_.unfinished->Await([this](const absl::Status& status) {
    serving_.metrics->CountShed(ShedReason::kInFlight, 1);
    Fail(status);
  });
  StartRead(&request_);
}

void Call::OnReadDone(bool ok) {
  if (!serving_.unfinished->Came(unfinished_)) return;
  if (!ok) {
    if (context_->IsCancelled()) caller_.Leave();
    const absl::StatusCode code = caller_.abandoned();
    return Fail(absl::Status(code == absl::StatusCode::kOk ? absl::StatusCode::kCancelled : code,
                             "the caller did not wait until its request had come"));
  }
  serving_.metrics->calls().MessageReceived(method_);
  Start();
}

absl::Status Call::Admit() {
  absl::StatusOr<Admission::Ticket> ticket =
      serving_.admission->Admit(1, static_cast<int64_t>(request_.Length()), caller_.named());
  if (!ticket.ok()) return ticket.status();
  ticket_ = *std::move(ticket);
  return absl::OkStatus();
}

void Call::Work(std::function<bool()> slice) {
  if (request_.Length() > kSmallRequestBytes) return serving_.slices->Add(std::move(slice));
  while (slice()) {
  }
}

absl::Status Call::CheckCaller(int64_t texts) const {
  const absl::StatusCode abandoned = caller_.abandoned();
  if (SteadyNow() >= caller_.deadline() || abandoned == absl::StatusCode::kDeadlineExceeded) {
    serving_.metrics->CountExpired(Stage::kTokenize, texts);
    return absl::DeadlineExceededError(
        "the deadline passed while the texts were tokenized; send fewer at a time, or allow more "
        "time");
  }
  if (abandoned != absl::StatusCode::kOk) return absl::CancelledError("the caller went away");
  return absl::OkStatus();
}

void Call::Reply(const google::protobuf::MessageLite& message) {
  End(SerializeMessage(message, &response_));
}

void Call::Fail(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    context_->AddTrailingMetadata("grpc-retry-pushback-ms", PushbackMs(status));
  }
  End(status);
}

// Counts before it finishes: whoever has a reply finds it in the metrics.
void Call::End(const absl::Status& status) {
  if (status.ok()) serving_.metrics->calls().MessageSent(method_);
  CountTexts(status.code());
  const absl::Time now = SteadyNow();
  serving_.metrics->calls().Handled(method_, status.code(), now - caller_.arrival(),
                                    followed_.RecordedTrace());
  followed_.End(status.code(), now, [this] { return Stages(); });
  // Who has gone reads no details, and thousands may go at once.
  const bool is_read = caller_.abandoned() == absl::StatusCode::kOk;
  if (status.ok()) return StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  Finish(is_read ? ToCaller(status) : ToGrpcStatus(status));
}

}  // namespace verdict
