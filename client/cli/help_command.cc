#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"

namespace verdict {
namespace {

ExitStatus RunHelp(const CLI::App& app, const std::string& name) {
  if (name.empty()) {
    // Not app.help(), which would describe the command that was chosen: this one.
    const std::string help =
        app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
    std::fputs(help.c_str(), stdout);
    return kDone;
  }
  for (const CLI::App* const command : app.get_subcommands({})) {
    if (command->get_name() != name) continue;
    std::fputs(command->help(app.get_name()).c_str(), stdout);
    return kDone;
  }
  return ReportUnknownCommand(app, name);
}

}  // namespace

ExitStatus ReportUnknownCommand(const CLI::App& app, const std::string& word) {
  const auto name = [](std::string* out, const CLI::App* command) { *out += command->get_name(); };
  absl::FPrintF(stderr, "verdict: no command '%s'; the commands are %s\n", word,
                absl::StrJoin(app.get_subcommands({}), ", ", name));
  return kWrongUsage;
}

void AddHelpCommand(CLI::App* app, ExitStatus* exit_status) {
  CLI::App* command = app->add_subcommand("help", "Describe verdict, or one of its commands");
  const auto name = std::make_shared<std::string>();
  command->add_option("command", *name, "What to describe; without it, all in short")
      ->type_name("COMMAND");
  command->callback([app, name, exit_status] { *exit_status = RunHelp(*app, *name); });
}

void AddVersionCommand(CLI::App* app) {
  CLI::App* command = app->add_subcommand("version", "Print the version, as --version does");
  command->callback([app] { absl::PrintF("%s\n", app->version()); });
}

}  // namespace verdict
