// verdictd: flags -> config -> server.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "server/log/log.h"
#include "server/options.h"
#include "server/process/process_settings.h"
#include "server/process/stop_signals.h"
#include "server/server.h"

namespace verdict {
namespace {

// Serves, and exits. Returns only why it could not.
absl::Status Serve(const ServerOptions& options) {
  const StopSignals signals;
  absl::Duration load;
  absl::StatusOr<Model> model = LoadServedModel(options, &load);
  if (!model.ok()) return model.status();
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options, *std::move(model), load);
  if (!server.ok()) return server.status();

  const int signal = signals.Await();
  Log(LogLevel::kInfo, "draining", {{"signal", signal}});
  (*server)->Drain(options.drain);
  FlushLog();
  std::_Exit(0);  // without the server's destructor: see Drain
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) {
  verdict::ConfigureProcess();
  const absl::StatusOr<verdict::CommandLine> command_line = verdict::ParseCommandLine(argc, argv);
  if (!command_line.ok()) {
    std::fprintf(stderr, "verdictd: %s\n", std::string(command_line.status().message()).c_str());
    return 2;
  }
  if (!command_line->message.empty()) {
    std::fputs(command_line->message.c_str(), stdout);
    return 0;
  }
  verdict::StartLogging(command_line->options.log);
  for (const std::string& warning : command_line->warnings) {
    Log(verdict::LogLevel::kWarning, warning);
  }
  const absl::Status status = verdict::Serve(command_line->options);
  Log(verdict::LogLevel::kError, "cannot serve", {{"reason", std::string(status.message())}});
  verdict::FlushLog();
  return 1;
}
