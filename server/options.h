// verdictd's options: the command line, and VERDICT_… in the environment.
#ifndef VERDICT_SERVER_OPTIONS_H_
#define VERDICT_SERVER_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/kernel_names.h"
#include "engine/precision.h"
#include "engine/tokenizer/tokenizer.h"
#include "server/api/debug_routes.h"
#include "server/batching/admission.h"
#include "server/batching/queue.h"
#include "server/contract/validation.h"
#include "server/log/log.h"
#include "server/security/tls_files.h"
#include "server/tracing/tracing.h"
#include "server/transport/listener.h"

namespace verdict {

// What happens when, after SIGTERM.
struct DrainTimes {
  absl::Duration delay = absl::ZeroDuration();  // new calls are still taken, though not ready
  absl::Duration timeout = absl::Seconds(30);   // after it: for accepted calls to finish
};

// Every default is here, and --help shows it. All values are in their ranges.
struct ServerOptions {
  // The model.
  std::string model_directory;
  std::string model_name;  // what GetModel calls it; the directory's own name if not given
  Precision precision = Precision::kF32;
  std::string kernels = std::string(kAutoKernels);
  int threads = 0;     // 0: as many as the container may use
  int max_tokens = 0;  // of a text, if the model takes more; 0: as many as it takes

  // Where it listens; port 0 takes any free one, and the log says which.
  std::vector<std::string> grpc_addresses = {"0.0.0.0:50051"};
  std::vector<std::string> http_addresses = {"0.0.0.0:8080"};
  std::vector<std::string> http_allow_origins;  // whose pages may call over HTTP, besides our own
  bool reflection = true;
  // Of a gRPC port with nothing but health, never encrypted; empty: there is none.
  std::vector<std::string> health_addresses;

  // Whom it trusts. Empty: no TLS, and anybody.
  TlsPaths tls;
  std::string auth_token_file;

  // How much it takes.
  // A batch of 0 tokens: as many as suit the threads.
  TextQueue::Limits queue = {.max_batch_tokens = 0};
  // Holds one largest request at least. gRPC may hold as much, and kConnectionsBytes.
  Admission::Limits admission = {.max_bytes = int64_t{128} << 20};
  ConnectionLimits connections;
  RequestLimits requests;
  Truncation truncation = Truncation::kRight;  // where a request asks for none

  // All of them, for people to see.
  std::vector<OptionInForce> in_force;

  // How it ends.
  DrainTimes drain;

  // How its calls are followed.
  LogOptions log;
  TracingOptions tracing;
};

// What the command line asks for: to serve, or only to say something.
struct CommandLine {
  ServerOptions options;
  std::string message;                // the answer to --help or --version; empty: serve
  std::vector<std::string> warnings;  // to be logged: variables that mean nothing to us
};

// Reads the command line, the environment for what it leaves out, and checks the files they name.
//
// INVALID_ARGUMENT: the message names the option, what was expected and what was found.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace verdict

#endif  // VERDICT_SERVER_OPTIONS_H_
