#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/channel.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/cli/connection_notice.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Asks once: whoever wants to know how a server is now is not served by a later answer.
ExitStatus RunHealth(const ClientOptions& options) {
  const auto channel = OpenChannel(options, Servers::kAll);
  if (!channel.ok()) return ReportWrongConnection(channel.status());
  ClientOptions once = options;
  once.attempts = 1;
  const ConnectionNotice notice({.connection = once}, *channel);
  grpc::ClientContext context;
  context.set_deadline(WallTime(SteadyNow() + options.timeout));
  context.set_wait_for_ready(options.wait_for_ready);
  HealthCheckResponse health;
  const grpc::Status status =
      Health::NewStub(*channel)->Check(&context, HealthCheckRequest(), &health);
  if (!status.ok()) {
    return ReportServerFailure(
        options,
        absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()));
  }
  absl::PrintF("%s\n", HealthCheckResponse::ServingStatus_Name(health.status()));
  return health.status() == HealthCheckResponse::SERVING ? kDone : kSomeFailed;
}

}  // namespace

void AddHealthCommand(CLI::App* app, ExitStatus* exit_status) {
  CLI::App* command = app->add_subcommand("health", "Ask whether the server serves, for probes");
  const auto options = std::make_shared<ClientOptions>();
  AddConnectionFlags(command, options.get());
  command->callback([options, exit_status] { *exit_status = RunHealth(*options); });
}

}  // namespace verdict
