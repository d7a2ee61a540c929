// The options of every command that talks to a server.
#ifndef VERDICT_CLIENT_CLI_CONNECTION_FLAGS_H_
#define VERDICT_CLIENT_CLI_CONNECTION_FLAGS_H_

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/exit_status.h"
#include "client/client_options.h"
#include "environment/environment.h"

namespace verdict {

// Adds a flag for each field of `*options`, whose values are the defaults, to `command`; parsing
// fills it, and it must outlive that.
void AddConnectionFlags(CLI::App* command, ClientOptions* options);

// The flags that a variable of the environment can stand for.
std::vector<OptionVariable> ConnectionVariables();

// Warns on stderr of variables VERDICT_CLIENT_… that nobody reads.
//
// INVALID_ARGUMENT: a variable has a name from before the client's had their own, which is not read
// any more: to go on without TLS or a token could tell all.
absl::Status CheckEnvironment(int argc, const char* const* argv);

// Says on stderr why Client::Open refused the flags.
ExitStatus ReportWrongConnection(const absl::Status& status);

// Says on stderr that the server failed, why, and what can be done.
ExitStatus ReportServerFailure(const ClientOptions& options, const absl::Status& status);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_CONNECTION_FLAGS_H_
