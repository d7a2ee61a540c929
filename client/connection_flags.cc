#include "client/connection_flags.h"

#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace verdict {

void AddConnectionFlags(CLI::App* command, ClientOptions* options) {
  command->add_option("--server", options->server, "Where verdictd listens")
      ->type_name("HOST:PORT")
      ->envname("VERDICT_SERVER")
      ->capture_default_str();
  command
      ->add_option_function<std::string>(
          "--timeout",
          [options](const std::string& text) {
            if (!absl::ParseDuration(text, &options->timeout) ||
                options->timeout <= absl::ZeroDuration()) {
              throw CLI::ValidationError("--timeout",
                                         "expected a duration such as 500ms or 10s, found " + text);
            }
          },
          "The longest that a call may take")
      ->type_name("DURATION")
      ->default_str(absl::FormatDuration(options->timeout));
  command->add_flag("--wait", options->wait_for_ready,
                    "Wait, up to the timeout, for a server that is still starting");
}

ExitStatus ReportServerFailure(const ClientOptions& options, const absl::Status& status) {
  absl::FPrintF(stderr, "verdict: server %s: %s\n", options.server, status.ToString());
  return kServerFailed;
}

}  // namespace verdict
