// The options of every command that talks to a server.
#ifndef VERDICT_CLIENT_CONNECTION_FLAGS_H_
#define VERDICT_CLIENT_CONNECTION_FLAGS_H_

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "client/client.h"
#include "client/exit_status.h"

namespace verdict {

// Adds --server, --timeout and --wait to `command`; parsing fills `*options`, which must outlive
// it.
void AddConnectionFlags(CLI::App* command, ClientOptions* options);

// Says on stderr that the server failed, and why.
ExitStatus ReportServerFailure(const ClientOptions& options, const absl::Status& status);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CONNECTION_FLAGS_H_
