// `verdict`: the command line of a Verdict server.
#include <google/protobuf/stubs/common.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/cli/exit_status.h"
#include "environment/environment.h"

#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

namespace verdict {
namespace {

// Whether it only asks what there is to ask.
bool IsQuestion(int argc, char** argv) {
  const absl::string_view command = argc > 1 ? argv[1] : "";
  if (command == "help" || command == "version") return true;
  return std::any_of(argv, argv + argc, [](absl::string_view argument) {
    return argument == "--help" || argument == "-h" || argument == "--version";
  });
}

// Of a word that is no command, CLI11 says only that a command is missing.
ExitStatus ReportWrongUsage(const CLI::App& app, const CLI::ParseError& error, int argc,
                            char** argv) {
  const std::string message = NameVariable(error.what(), ConnectionVariables(), argc, argv);
  if (message != error.what()) {
    absl::FPrintF(stderr, "verdict: %s\n", message);
    return kWrongUsage;
  }
  const std::vector<std::string> unknown = app.remaining();
  const auto word = std::find_if(unknown.begin(), unknown.end(), [](const std::string& argument) {
    return !absl::StartsWith(argument, "-");
  });
  if (!app.get_subcommands().empty() || word == unknown.end()) {
    app.exit(error);
    return kWrongUsage;
  }
  return ReportUnknownCommand(app, *word);
}

void AddCommands(CLI::App* app, ExitStatus* exit_status) {
  AddClassifyCommand(app, exit_status);
  AddTokenizeCommand(app, exit_status);
  AddInfoCommand(app, exit_status);
  AddHealthCommand(app, exit_status);
  AddLoadCommand(app, exit_status);
  AddHelpCommand(app, exit_status);
  AddVersionCommand(app);
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) {
  // A reader that went away, as head does, ends it quietly, even if its parent ignores the signal.
  std::signal(SIGPIPE, SIG_DFL);
  // Debian's abseil looks for deadlocks at every lock, gRPC's too.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#if GOOGLE_PROTOBUF_VERSION < 4022000
  // A text that is not UTF-8 is the server's to refuse; this library would only mutter about it.
  google::protobuf::SetLogHandler(nullptr);
#endif
  CLI::App app("Asks a Verdict server what labels texts get.", "verdict");
  app.set_version_flag("--version", "verdict " VERDICT_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 all done; 1 at least one text failed, or the server does not serve; 2 wrong\n"
      "usage; 3 the server cannot be reached, failed or took too long.");
  verdict::ExitStatus exit_status = verdict::kDone;
  verdict::AddCommands(&app, &exit_status);
  verdict::TrimVariables(verdict::ConnectionVariables());
  if (!verdict::IsQuestion(argc, argv)) {
    const absl::Status environment = verdict::CheckEnvironment(argc, argv);
    if (!environment.ok()) return verdict::ReportWrongConnection(environment);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool is_help = error.get_exit_code() == 0;
    return is_help ? app.exit(error) : verdict::ReportWrongUsage(app, error, argc, argv);
  }
  // Buffered lines may fail to be written as late as here, on a full disk for one.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("verdict: cannot write to standard output\n", stderr);
    return verdict::kSomeFailed;
  }
  return exit_status;
}
