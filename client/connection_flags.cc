#include "client/connection_flags.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace verdict {
namespace {

void AddCredentialFlags(CLI::App* command, ClientOptions* options) {
  const auto add = [command](const char* flag, std::string* value, const char* help) {
    return command->add_option(flag, *value, help)->type_name("FILE");
  };
  add("--tls-ca", &options->tls_ca, "Use TLS, and trust these authorities (PEM)")
      ->envname("VERDICT_TLS_CA");
  add("--tls-cert", &options->tls_cert, "The certificate to show, where the server asks for one")
      ->envname("VERDICT_TLS_CERT");
  add("--tls-key", &options->tls_key, "Its key")->envname("VERDICT_TLS_KEY");
  add("--tls-server-name", &options->tls_server_name,
      "The name in the server's certificate, if it is not the HOST of --server")
      ->type_name("NAME")
      ->envname("VERDICT_TLS_SERVER_NAME");
  add("--token-file", &options->token_file,
      "Show the bearer token in this file; readable on the way without TLS")
      ->envname("VERDICT_TOKEN_FILE");
}

}  // namespace

void AddConnectionFlags(CLI::App* command, ClientOptions* options) {
  command
      ->add_option(
          "--server", options->server,
          "Where verdictd listens; several addresses, separated by commas, share the calls")
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
          "The longest that a call may take, with all its attempts")
      ->type_name("DURATION")
      ->envname("VERDICT_TIMEOUT")
      ->default_str(absl::FormatDuration(options->timeout));
  command
      ->add_flag("--wait", options->wait_for_ready,
                 "Wait, up to the timeout, for a server that is still starting")
      ->envname("VERDICT_WAIT");
  command
      ->add_option_function<std::string>(
          "--attempts",
          [options](const std::string& text) {
            if (!absl::SimpleAtoi(text, &options->attempts) || options->attempts < 1 ||
                options->attempts > 100) {
              throw CLI::ValidationError("--attempts", "expected 1 to 100, found " + text);
            }
          },
          "How often a call is tried when a server goes away or is busy")
      ->type_name("N")
      ->envname("VERDICT_ATTEMPTS")
      ->default_str(absl::StrCat(options->attempts));
  AddCredentialFlags(command, options);
}

ExitStatus ReportWrongConnection(const absl::Status& status) {
  absl::FPrintF(stderr, "verdict: %s\n", status.message());
  return kWrongUsage;
}

ExitStatus ReportServerFailure(const ClientOptions& options, const absl::Status& status) {
  absl::FPrintF(stderr, "verdict: server %s: %s\n", options.server, status.ToString());
  return kServerFailed;
}

}  // namespace verdict
