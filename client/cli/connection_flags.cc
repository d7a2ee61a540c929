#include "client/cli/connection_flags.h"

#include <cstdlib>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/error.h"
#include "google/rpc/error_details.pb.h"
#include "proto/status_details.h"

namespace verdict {
namespace {

// The options that a variable can stand for.
constexpr const char* kOptions[] = {"--server",   "--timeout",         "--wait",
                                    "--attempts", "--tls-ca",          "--tls-cert",
                                    "--tls-key",  "--tls-server-name", "--token-file"};

// Their names before the client had its own. The first two mean something to verdictd.
constexpr const char* kServersToo[] = {"VERDICT_TLS_CERT", "VERDICT_TLS_KEY"};

// The address is read by more than one program; all else is the client's own.
std::string EnvironmentName(absl::string_view option) {
  if (option == "--server") return "VERDICT_SERVER";
  return absl::StrCat("VERDICT_CLIENT_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(option.substr(2), {{"-", "_"}})));
}

std::string FormerName(absl::string_view variable) {
  return absl::StrReplaceAll(variable, {{"VERDICT_CLIENT_", "VERDICT_"}});
}

void AddCredentialFlags(CLI::App* command, ClientOptions* options) {
  const auto add = [command](const char* flag, std::string* value, const char* help) {
    return command->add_option(flag, *value, help)
        ->type_name("FILE")
        ->envname(EnvironmentName(flag));
  };
  add("--tls-ca", &options->tls_ca, "Use TLS, and trust these authorities (PEM)");
  add("--tls-cert", &options->tls_cert, "The certificate to show, where the server asks for one");
  add("--tls-key", &options->tls_key, "Its key");
  add("--tls-server-name", &options->tls_server_name,
      "The name in the server's certificate, if it is not the HOST of --server")
      ->type_name("NAME");
  add("--token-file", &options->token_file,
      "Show the bearer token in this file; readable on the way without TLS");
}

std::string WhereItListens(const ClientOptions& options) {
  const char* const variable = std::getenv("VERDICT_SERVER");
  const bool is_variables = variable != nullptr && options.server == variable;
  return absl::StrCat("--server or VERDICT_SERVER says where it listens",
                      is_variables ? " (this is VERDICT_SERVER's)" : "");
}

// Empty where the server's own message says it.
std::string NextStep(const ClientOptions& options, const absl::Status& status) {
  google::rpc::ErrorInfo info;
  if (GetDetail(status, &info)) return "";
  if (absl::StrContains(status.message(), "Ssl handshake failed")) {
    return "does the server speak TLS, with a certificate of this authority? --tls-ca or "
           "VERDICT_CLIENT_TLS_CA names it";
  }
  if (absl::IsUnavailable(status)) {
    return absl::StrCat("is verdictd running there? ", WhereItListens(options),
                        "; --wait waits for a server that starts",
                        options.tls_ca.empty() ? "; one with TLS needs --tls-ca" : "");
  }
  if (absl::IsDeadlineExceeded(status)) {
    return absl::StrCat("is verdictd running there, or too busy? ", WhereItListens(options),
                        "; --timeout or VERDICT_CLIENT_TIMEOUT allows more time");
  }
  if (absl::IsUnauthenticated(status)) {
    return "--token-file or VERDICT_CLIENT_TOKEN_FILE names the token to show";
  }
  return "";
}

}  // namespace

void AddConnectionFlags(CLI::App* command, ClientOptions* options) {
  command
      ->add_option(
          "--server", options->server,
          "Where verdictd listens; several addresses, separated by commas, share the calls")
      ->type_name("HOST:PORT")
      ->envname(EnvironmentName("--server"))
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
      ->envname(EnvironmentName("--timeout"))
      ->default_str(absl::FormatDuration(options->timeout));
  command
      ->add_flag("--wait", options->wait_for_ready,
                 "Wait, up to the timeout, for a server that is still starting")
      ->envname(EnvironmentName("--wait"));
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
      ->envname(EnvironmentName("--attempts"))
      ->default_str(absl::StrCat(options->attempts));
  AddCredentialFlags(command, options);
}

std::vector<OptionVariable> ConnectionVariables() {
  std::vector<OptionVariable> variables;
  for (const char* option : kOptions) variables.push_back({option, EnvironmentName(option)});
  return variables;
}

absl::Status CheckEnvironment(int argc, const char* const* argv) {
  const std::vector<OptionVariable> variables = ConnectionVariables();
  for (const auto& [option, variable] : variables) {
    const std::string former = FormerName(variable);
    const bool is_servers_too =
        absl::c_any_of(kServersToo, [&](absl::string_view name) { return name == former; });
    if (former == variable || is_servers_too || !IsSet(former) || IsSet(variable) ||
        IsGiven(option, argc, argv)) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(former,
                     " is not read any more: the client's variables begin with "
                     "VERDICT_CLIENT_, verdictd's with VERDICT_; set ",
                     variable, " instead"));
  }
  for (const auto& [name, nearest] : UnknownVariables("VERDICT_CLIENT_", variables)) {
    absl::FPrintF(stderr,
                  "verdict: warning: the variable %s means nothing; the nearest name is %s\n", name,
                  nearest);
  }
  return absl::OkStatus();
}

ExitStatus ReportWrongConnection(const absl::Status& status) {
  absl::FPrintF(stderr, "verdict: %s\n", status.message());
  // The message begins with the field, `tls_ca`.
  const absl::string_view field = status.message().substr(0, status.message().find_first_of(" ,"));
  const std::string variable =
      EnvironmentName(absl::StrCat("--", absl::StrReplaceAll(field, {{"_", "-"}})));
  if (IsSet(variable)) {
    absl::FPrintF(stderr, "verdict: the environment has %s=%s\n", variable,
                  std::getenv(variable.c_str()));
  }
  return kWrongUsage;
}

ExitStatus ReportServerFailure(const ClientOptions& options, const absl::Status& status) {
  absl::FPrintF(stderr, "verdict: server %s: %s\n", options.server, ErrorText(status));
  const std::string next = NextStep(options, status);
  if (!next.empty()) absl::FPrintF(stderr, "verdict: %s\n", next);
  return kServerFailed;
}

}  // namespace verdict
