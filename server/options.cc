#include "server/options.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "engine/models/config.h"
#include "environment/choices.h"
#include "environment/environment.h"
#include "latency/steady_clock.h"
#include "server/http/origins.h"
#include "server/option_kinds.h"
#include "server/process/listen_address.h"
#include "server/security/bearer_tokens.h"

namespace verdict {
namespace {

// No model has more positions (engine/models/config.cc).
constexpr int kMostTokens = 1'000'000;

void AddAddresses(CLI::App& app, const std::string& option, const std::string& help,
                  std::vector<std::string>* values) {
  AddList(app,
          {.option = option,
           .type = "HOST:PORT|unix:PATH",
           .help = help,
           .is_right = [](const std::string& text) { return ParseListenAddress(text).ok(); },
           .expected = "HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, or unix:PATH"},
          values);
}

void AddHttpOptions(CLI::App& app, ServerOptions* options) {
  AddAddresses(app, "--http-address",
               "Where the status page, /v1, /metrics, /healthz and /readyz listen; may be given "
               "several times",
               &options->http_addresses);
  AddList(app,
          {.option = "--http-allow-origin",
           .type = "ORIGIN",
           .help = "Origin whose pages may call /v1 over HTTP; may be given several times",
           .is_right = [](const std::string& text) { return HttpOrigins::IsOrigin(text); },
           .expected = "an origin such as https://app.example, in lower case and without a path"},
          &options->http_allow_origins);
}

Choices<std::string> KernelsChoices() {
  std::vector<std::pair<std::string, std::string>> choices;
  for (const std::string_view name : kAllKernelNames) choices.emplace_back(name, name);
  return Choices<std::string>(std::move(choices));
}

void AddModelOptions(CLI::App& app, ServerOptions* options) {
  app.add_option("--model", options->model_directory,
                 "Directory of the model, as Hugging Face lays it out")
      ->envname(EnvironmentName("--model"))
      ->required()
      ->type_name("DIR");
  AddText(app, "--model-name", "the directory's own name", "What GetModel calls the model",
          [options](const std::string& text) { options->model_name = text; });
  AddChoice(app, "--precision",
            Choices<Precision>{
                {"f32", Precision::kF32}, {"bf16", Precision::kBf16}, {"int8", Precision::kInt8}},
            "What the matrix products are rounded to", &options->precision);
  AddChoice(app, "--kernels", KernelsChoices(),
            "Whose kernels compute them; auto: the fastest on this CPU", &options->kernels);
  AddCount(app, "--threads", 0, 1024,
           "Threads that compute a batch; 0: as many as the container may use", &options->threads);
}

// 0, or a limit that leaves room for a pair's special tokens.
void AddMaxTokens(CLI::App& app, ServerOptions* options) {
  AddText(
      app, "--max-tokens", "0",
      "Most tokens of a text, special tokens counted, if the model takes more; 0: what it takes",
      [options](const std::string& text) {
        int tokens = 0;
        if (!absl::SimpleAtoi(text, &tokens) || (tokens != 0 && tokens < kLeastTokens) ||
            tokens > kMostTokens) {
          Refuse("--max-tokens", text,
                 absl::StrCat("a number from ", kLeastTokens, " to ", kMostTokens,
                              ", or 0 for what the model takes"));
        }
        options->max_tokens = tokens;
      })
      ->type_name("N");
}

void AddLimitOptions(CLI::App& app, ServerOptions* options) {
  AddMaxTokens(app, options);
  AddCount(app, "--max-batch-tokens", 0, 1 << 16,
           "Most tokens of one batch, if they are of more than one text; 0: 192 for each thread",
           &options->queue.max_batch_tokens);
  AddCount(
      app, "--max-queue-tokens", 1, 1 << 30,
      "Most tokens of calls that wait; beyond, RESOURCE_EXHAUSTED. Streams wait unread instead",
      &options->queue.max_queue_tokens);
  AddCount(app, "--max-texts-in-flight", 1, 1 << 24,
           "Most texts that have come and are not answered yet; beyond, RESOURCE_EXHAUSTED",
           &options->admission.max_texts);
  AddCount(app, "--max-bytes-in-flight", 1, int64_t{1} << 40,
           "Most bytes of the requests in flight; beyond, RESOURCE_EXHAUSTED",
           &options->admission.max_bytes);
  AddCount(app, "--max-connections", 1, 1 << 20,
           "Most gRPC connections at a time, and no more than half of the process's descriptors; "
           "others are closed",
           &options->connections.in_all);
  AddCount(app, "--max-connections-by-address", 1, 1 << 20,
           "Most gRPC connections of one address at a time", &options->connections.by_address);
  AddCount(app, "--max-inputs", 1, 1 << 16, "Most texts of one ClassifyBatch",
           &options->requests.max_inputs);
  AddCount(app, "--max-text-bytes", 1, 1 << 24, "Most bytes of one text (of both, of a pair)",
           &options->requests.max_text_bytes);
  AddChoice(app, "--truncation",
            Choices<Truncation>{{"right", Truncation::kRight},
                                {"left", Truncation::kLeft},
                                {"head-tail", Truncation::kHeadTail},
                                {"error", Truncation::kError}},
            "What is cut off a text that is too long for the model", &options->truncation);
}

void AddServingOptions(CLI::App& app, ServerOptions* options) {
  AddAddresses(app, "--grpc-address",
               "Where gRPC listens; port 0 takes a free one; may be given several times",
               &options->grpc_addresses);
  AddHttpOptions(app, options);
  AddChoice(app, "--reflection", Choices<bool>{{"on", true}, {"off", false}},
            "Whether gRPC tells tools such as grpcurl of its services", &options->reflection);
  AddAddresses(app, "--health-address",
               "Where gRPC health alone is served, in plain text, for probes; may be given several "
               "times",
               &options->health_addresses);
  AddDuration(app, "--drain-delay", absl::Hours(1),
              "Time after SIGTERM in which new calls are still taken, though not ready",
              &options->drain.delay);
  AddDuration(app, "--drain-timeout", absl::Hours(1),
              "Time that accepted calls have to finish after SIGTERM and the delay",
              &options->drain.timeout);
  AddChoice(app, "--log-level",
            Choices<LogLevel>{{"info", LogLevel::kInfo},
                              {"debug", LogLevel::kDebug},
                              {"warning", LogLevel::kWarning},
                              {"error", LogLevel::kError}},
            "The least important lines to log", &options->log.level);
  AddChoice(app, "--log-format",
            Choices<LogFormat>{{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
            "How a line of the log looks", &options->log.format);
}

void AddTracingOptions(CLI::App& app, TracingOptions* options) {
  AddText(
      app, "--trace-endpoint", "none",
      "Where a collector takes OTLP over HTTP, such as http://127.0.0.1:4318: spans of calls go "
      "there",
      [options](const std::string& text) {
        const absl::StatusOr<CollectorAddress> collector = ParseCollector(text);
        if (!collector.ok()) {
          Refuse("--trace-endpoint", text, std::string(collector.status().message()));
        }
        options->collector = *collector;
      })
      ->type_name("URL");
  AddText(
      app, "--trace-ratio", "1",
      "Part of the calls without a traceparent of which spans are sent; others say it themselves",
      [options](const std::string& text) {
        double ratio = 0;
        if (!absl::SimpleAtod(text, &ratio) || !(ratio >= 0 && ratio <= 1)) {
          Refuse("--trace-ratio", text, "a number from 0 to 1");
        }
        options->ratio = ratio;
      })
      ->type_name("RATIO");
  AddDuration(app, "--slow-call", absl::Hours(1),
              "Calls that take as long have a line of the log, as failed ones have; 0: none has",
              &options->slow_call);
}

void AddTrustOptions(CLI::App& app, ServerOptions* options) {
  AddFile(app, "--tls-cert", "The server's certificate and those that lead to its root, in PEM",
          &options->tls.certificate);
  AddFile(app, "--tls-key", "The private key of --tls-cert, in PEM", &options->tls.key);
  AddFile(app, "--tls-client-ca", "Who signs the certificates that clients must show, in PEM",
          &options->tls.client_ca);
  AddFile(
      app, "--auth-token-file",
      "Bearer tokens of at least 16 characters, one a line, of which a call must have one; health "
      "needs none",
      &options->auth_token_file);
}

// What one option needs of another, and what the files hold that they name.
absl::Status CheckTrustOptions(const ServerOptions& options) {
  const TlsPaths& tls = options.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key need each other; found only one");
  }
  if (tls.certificate.empty() && !tls.client_ca.empty()) {
    return absl::InvalidArgumentError("--tls-client-ca needs --tls-cert and --tls-key; found none");
  }
  if (!tls.certificate.empty()) {
    if (absl::Status status = ReadTlsFiles(tls, absl::Now()).status(); !status.ok()) return status;
  }
  if (options.auth_token_file.empty()) return absl::OkStatus();
  return BearerTokens::Open(options.auth_token_file, SteadyNow()).status();
}

// "model" for "models/model/" and "models/model".
std::string LastName(const std::string& directory) {
  const std::filesystem::path path = std::filesystem::path(directory).lexically_normal();
  return path.has_filename() ? path.filename() : path.parent_path().filename();
}

// A request that no limit on one request refuses, but that can never come into flight, would be
// tried again for ever.
void CheckInFlightLimits(const ServerOptions& options) {
  const Admission::Limits& limits = options.admission;
  if (const auto inputs = static_cast<int64_t>(options.requests.max_inputs);
      limits.max_texts < inputs) {
    Refuse("--max-texts-in-flight", absl::StrCat(limits.max_texts),
           absl::StrCat("at least ", inputs, ", as --max-inputs allows one request so many"));
  }
  if (const int64_t bytes = MaxRequestBytes(options.requests); limits.max_bytes < bytes) {
    Refuse("--max-bytes-in-flight", absl::StrCat(limits.max_bytes),
           absl::StrCat("at least ", bytes,
                        ", as --max-inputs and --max-text-bytes allow one request so many"));
  }
}

// The options that a variable can stand for.
std::vector<OptionVariable> Variables(const CLI::App& app) {
  std::vector<OptionVariable> variables;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty()) continue;
    variables.push_back({option->get_name(), option->get_envname()});
  }
  return variables;
}

// Of a variable that no option reads; the client's are its own to check.
std::vector<std::string> EnvironmentWarnings(std::vector<OptionVariable> variables) {
  variables.push_back({"--server", "VERDICT_SERVER"});
  std::vector<std::string> warnings;
  for (const auto& [name, nearest] : UnknownVariables("VERDICT_", variables)) {
    if (absl::StartsWith(name, "VERDICT_CLIENT_")) continue;
    warnings.push_back(absl::StrCat("the variable ", name,
                                    " means nothing to verdictd; the nearest name is ", nearest));
  }
  return warnings;
}

// Reads all options into `command_line`.
//
std::vector<OptionInForce> InForce(const CLI::App& app) {
  std::vector<OptionInForce> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_envname().empty()) continue;  // --help, --version
    const bool is_default = option->count() == 0;
    options.push_back(
        {.name = option->get_name(),
         .value = is_default ? option->get_default_str() : absl::StrJoin(option->results(), ","),
         .is_default = is_default});
  }
  return options;
}

// INVALID_ARGUMENT: as ParseCommandLine's.
absl::Status Parse(CLI::App& app, int argc, const char* const* argv, CommandLine* command_line) {
  ServerOptions& options = command_line->options;
  try {
    app.parse(argc, argv);
    CheckInFlightLimits(options);
  } catch (const CLI::CallForHelp&) {
    command_line->message = app.help();
    return absl::OkStatus();
  } catch (const CLI::CallForVersion&) {
    command_line->message = app.version() + "\n";
    return absl::OkStatus();
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (options.model_name.empty()) options.model_name = LastName(options.model_directory);
  options.in_force = InForce(app);
  return CheckTrustOptions(options);
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  CommandLine command_line;
  ServerOptions& options = command_line.options;
  CLI::App app("Serves one text-classification model over gRPC.", "verdictd");
  app.set_version_flag("--version", "verdictd " VERDICT_VERSION);
  app.get_formatter()->column_width(40);
  AddModelOptions(app, &options);
  AddServingOptions(app, &options);
  AddTracingOptions(app, &options.tracing);
  AddTrustOptions(app, &options);
  AddLimitOptions(app, &options);
  const std::vector<OptionVariable> variables = Variables(app);
  TrimVariables(variables);
  if (absl::Status status = Parse(app, argc, argv, &command_line); !status.ok()) {
    return absl::Status(status.code(), NameVariable(status.message(), variables, argc, argv));
  }
  command_line.warnings = EnvironmentWarnings(variables);
  return command_line;
}

}  // namespace verdict
