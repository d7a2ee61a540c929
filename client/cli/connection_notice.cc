#include "client/cli/connection_notice.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// How long the end of a command waits for the thread at most: gRPC cannot be told to stop waiting.
constexpr absl::Duration kLook = absl::Milliseconds(20);

std::string WhatIsNext(const ClientOptions& options) {
  const std::string timeout = absl::FormatDuration(options.timeout);
  if (options.wait_for_ready) {
    return absl::StrCat("waiting for it until ", timeout, " have passed (--wait, --timeout)");
  }
  if (options.attempts == 1)
    return absl::StrCat("waiting until ", timeout, " have passed (--timeout)");
  return absl::StrCat("trying again, ", options.attempts, " times at most within ", timeout,
                      " (--attempts, --timeout)");
}

// With a small first letter.
std::string LowerCased(absl::string_view text) {
  std::string lower(text);
  if (!lower.empty()) lower[0] = absl::ascii_tolower(lower[0]);
  return lower;
}

}  // namespace

std::string ConnectionFault(absl::string_view message) {
  absl::string_view fault = message;
  // "DNS resolution failed for NAME: C-ares status is not ARES_SUCCESS ...: Domain name not found"
  if (absl::StartsWith(message, "DNS resolution failed")) {
    return absl::StrCat("the name is not resolved: ",
                        LowerCased(message.substr(message.rfind(": ") + 2)));
  }
  // "connections to all backends failing; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect
  // to remote host: Connection refused"
  constexpr absl::string_view kLast = "last error: ";
  const size_t last = message.rfind(kLast);
  if (last == absl::string_view::npos) return std::string(message);
  fault.remove_prefix(last + kLast.size());
  for (int part = 0; part < 2; ++part) {  // the code and the address
    const size_t end = fault.find(": ");
    if (end != absl::string_view::npos) fault.remove_prefix(end + 2);
  }
  absl::ConsumePrefix(&fault, "Failed to connect to remote host: ");
  return LowerCased(fault);
}

ConnectionNotice::ConnectionNotice(Options options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)), channel_(std::move(channel)), thread_([this] { Watch(); }) {}

ConnectionNotice::~ConnectionNotice() {
  done_ = true;
  thread_.join();
}

void ConnectionNotice::Watch() const {
  const ClientOptions& connection = options_.connection;
  const absl::Time end = SteadyNow() + options_.patience;
  while (!done_) {
    const grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/false);
    if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_SHUTDOWN) return;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      if (connection.attempts == 1 && !connection.wait_for_ready) return;
      const absl::Status status = Ask();
      if (absl::IsUnavailable(status)) Say(ConnectionFault(status.message()));
      return;
    }
    const absl::Time now = SteadyNow();
    if (now >= end) return Say("no connection yet");
    channel_->WaitForStateChange(state, WallTime(std::min(end, now + kLook)));
  }
}

absl::Status ConnectionNotice::Ask() const {
  grpc::ClientContext context;
  context.set_deadline(WallTime(SteadyNow() + options_.patience));
  grpc::health::v1::HealthCheckResponse health;
  const grpc::Status status = grpc::health::v1::Health::NewStub(channel_)->Check(
      &context, grpc::health::v1::HealthCheckRequest(), &health);
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

void ConnectionNotice::Say(absl::string_view what) const {
  absl::FPrintF(options_.stream, "verdict: %s: %s; %s\n", options_.connection.server, what,
                WhatIsNext(options_.connection));
}

}  // namespace verdict
