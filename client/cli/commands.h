// The commands of `verdict`. Each function adds one to `app`; when it was chosen, parsing runs it
// and leaves its outcome in `*exit_status`, which must outlive the app.
#ifndef VERDICT_CLIENT_CLI_COMMANDS_H_
#define VERDICT_CLIENT_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "client/cli/exit_status.h"

namespace verdict {

// verdict classify [TEXT...] | --file FILE | standard input
void AddClassifyCommand(CLI::App* app, ExitStatus* exit_status);

// verdict tokenize TEXT
void AddTokenizeCommand(CLI::App* app, ExitStatus* exit_status);

// verdict info
void AddInfoCommand(CLI::App* app, ExitStatus* exit_status);

// verdict health
void AddHealthCommand(CLI::App* app, ExitStatus* exit_status);

// verdict load --rate R | --stages ... | --ramp ... | --concurrency N
void AddLoadCommand(CLI::App* app, ExitStatus* exit_status);

// verdict help [COMMAND]
void AddHelpCommand(CLI::App* app, ExitStatus* exit_status);

// verdict version
void AddVersionCommand(CLI::App* app);

// Says on stderr which commands there are instead of `word`.
ExitStatus ReportUnknownCommand(const CLI::App& app, const std::string& word);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_COMMANDS_H_
