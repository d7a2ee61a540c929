#include "server/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "environment/environment.h"
#include "server/option_kinds.h"

namespace verdict {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

absl::StatusOr<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "verdictd");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

ServerOptions Parsed(std::vector<const char*> arguments) {
  absl::StatusOr<CommandLine> command_line = Parse(std::move(arguments));
  EXPECT_TRUE(command_line.ok()) << command_line.status();
  return command_line.ok() ? command_line->options : ServerOptions();
}

std::string Refusal(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"--model", "m"});
  const absl::Status status = Parse(std::move(arguments)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(OptionsTest, TheModelIsAllThatIsRequired) {
  // Whoever runs the tests may have set where their own server listens.
  unsetenv("VERDICT_GRPC_ADDRESS");
  unsetenv("VERDICT_HTTP_ADDRESS");
  const ServerOptions options = Parsed({"--model", "models/demo"});
  EXPECT_EQ(options.model_directory, "models/demo");
  EXPECT_EQ(options.model_name, "demo");
  EXPECT_THAT(options.grpc_addresses, ElementsAre("0.0.0.0:50051"));
  EXPECT_THAT(options.http_addresses, ElementsAre("0.0.0.0:8080"));
  EXPECT_EQ(options.threads, 0);
  EXPECT_EQ(options.max_tokens, 0);
  EXPECT_EQ(options.requests.max_text_bytes, 65536U);
  EXPECT_EQ(options.truncation, Truncation::kRight);
  EXPECT_TRUE(options.reflection);
  EXPECT_EQ(options.drain.delay, absl::ZeroDuration());
  EXPECT_EQ(options.drain.timeout, absl::Seconds(30));
  EXPECT_EQ(options.tls.certificate, "");
  EXPECT_EQ(options.log.level, LogLevel::kInfo);
  EXPECT_EQ(options.log.format, LogFormat::kText);
  EXPECT_FALSE(options.tracing.collector.has_value());
  EXPECT_EQ(options.tracing.ratio, 1);
  EXPECT_EQ(options.tracing.slow_call, absl::ZeroDuration());
}

TEST(OptionsTest, TheModelIsRequired) {
  const absl::Status status = Parse({}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--model"));
}

TEST(OptionsTest, TheModelsNameIsItsDirectorysUnlessGiven) {
  EXPECT_EQ(Parsed({"--model", "a/b/"}).model_name, "b");
  EXPECT_EQ(Parsed({"--model", "a/b", "--model-name", "sst2"}).model_name, "sst2");
}

TEST(OptionsTest, EveryOptionIsTaken) {
  const ServerOptions options = Parsed({"--model",
                                        "m",
                                        "--grpc-address",
                                        "127.0.0.1:0",
                                        "--http-address",
                                        "[::1]:9090",
                                        "--precision",
                                        "f32",
                                        "--kernels",
                                        "panels",
                                        "--threads",
                                        "3",
                                        "--max-tokens",
                                        "128",
                                        "--max-batch-tokens",
                                        "1024",
                                        "--max-queue-tokens",
                                        "2048",
                                        "--max-texts-in-flight",
                                        "70",
                                        "--max-bytes-in-flight",
                                        "4194304",
                                        "--max-inputs",
                                        "7",
                                        "--max-text-bytes",
                                        "99",
                                        "--truncation",
                                        "head-tail",
                                        "--reflection",
                                        "off",
                                        "--drain-delay",
                                        "5s",
                                        "--drain-timeout",
                                        "1m30s",
                                        "--log-level",
                                        "debug",
                                        "--log-format",
                                        "json",
                                        "--trace-endpoint",
                                        "http://collector:4318",
                                        "--trace-ratio",
                                        "0.25",
                                        "--slow-call",
                                        "500ms"});
  EXPECT_THAT(options.grpc_addresses, ElementsAre("127.0.0.1:0"));
  EXPECT_THAT(options.http_addresses, ElementsAre("[::1]:9090"));
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.max_tokens, 128);
  EXPECT_EQ(options.queue.max_batch_tokens, 1024);
  EXPECT_EQ(options.queue.max_queue_tokens, 2048);
  EXPECT_EQ(options.admission.max_texts, 70);
  EXPECT_EQ(options.admission.max_bytes, 4 << 20);
  EXPECT_EQ(options.requests.max_inputs, 7U);
  EXPECT_EQ(options.requests.max_text_bytes, 99U);
  EXPECT_EQ(options.truncation, Truncation::kHeadTail);
  EXPECT_FALSE(options.reflection);
  EXPECT_EQ(options.drain.delay, absl::Seconds(5));
  EXPECT_EQ(options.drain.timeout, absl::Seconds(90));
  EXPECT_EQ(options.log.level, LogLevel::kDebug);
  EXPECT_EQ(options.log.format, LogFormat::kJson);
  ASSERT_TRUE(options.tracing.collector.has_value());
  EXPECT_EQ(options.tracing.collector->host, "collector");
  EXPECT_EQ(options.tracing.ratio, 0.25);
  EXPECT_EQ(options.tracing.slow_call, absl::Milliseconds(500));
}

TEST(OptionsTest, ABadValueSaysWhatWasExpectedAndFound) {
  EXPECT_EQ(Refusal({"--threads", "many"}),
            "--threads is \"many\"; expected a number from 0 to 1024");
  EXPECT_EQ(Refusal({"--threads", "1025"}),
            "--threads is \"1025\"; expected a number from 0 to 1024");
  EXPECT_EQ(Refusal({"--max-inputs", "0"}),
            "--max-inputs is \"0\"; expected a number from 1 to 65536");
  EXPECT_EQ(Refusal({"--max-batch-tokens", "9999999999999999999"}),
            "--max-batch-tokens is \"9999999999999999999\"; expected a number from 0 to 65536");
  EXPECT_EQ(Refusal({"--trace-endpoint", "https://collector:4318"}),
            "--trace-endpoint is \"https://collector:4318\"; expected http://HOST:PORT, such as "
            "http://127.0.0.1:4318");
  EXPECT_EQ(Refusal({"--trace-ratio", "1.5"}),
            "--trace-ratio is \"1.5\"; expected a number from 0 to 1");
  EXPECT_EQ(Refusal({"--truncation", "middle"}),
            "--truncation is \"middle\"; expected right|left|head-tail|error");
  EXPECT_EQ(Refusal({"--log-format", "xml"}), "--log-format is \"xml\"; expected text|json");
  for (const char* duration : {"30", "-1s", "soon", "inf", "61m"}) {
    EXPECT_THAT(Refusal({"--drain-timeout", duration}),
                HasSubstr("expected a duration such as 30s or 500ms, at most 1h"));
  }
}

TEST(OptionsTest, MaxTokensLeaveRoomForAPairsSpecialTokens) {
  EXPECT_EQ(Parsed({"--model", "m", "--max-tokens", "3"}).max_tokens, 3);
  EXPECT_EQ(Parsed({"--model", "m", "--max-tokens", "0"}).max_tokens, 0);
  for (const char* tokens : {"1", "2", "-3", "1000001", "all"}) {
    EXPECT_EQ(Refusal({"--max-tokens", tokens}),
              "--max-tokens is \"" + std::string(tokens) +
                  "\"; expected a number from 3 to 1000000, or 0 for what the model takes");
  }
}

TEST(OptionsTest, WhatMayBeInFlightHoldsOneLargestRequest) {
  EXPECT_EQ(Refusal({"--max-texts-in-flight", "255"}),
            "--max-texts-in-flight is \"255\"; expected at least 256, as --max-inputs allows one "
            "request so many");
  EXPECT_EQ(Refusal({"--max-bytes-in-flight", "16793599"}),
            "--max-bytes-in-flight is \"16793599\"; expected at least 16793600, as --max-inputs "
            "and --max-text-bytes allow one request so many");
  EXPECT_TRUE(Parse({"--model", "m", "--max-texts-in-flight", "256"}).ok());
  EXPECT_TRUE(Parse({"--model", "m", "--max-bytes-in-flight", "16793600"}).ok());
}

TEST(OptionsTest, TlsTakesACertificateAndItsKeyAndReadsThem) {
  EXPECT_EQ(Refusal({"--tls-cert", "a"}),
            "--tls-cert and --tls-key need each other; found only one");
  EXPECT_EQ(Refusal({"--tls-key", "a"}),
            "--tls-cert and --tls-key need each other; found only one");
  EXPECT_EQ(Refusal({"--tls-client-ca", "a"}),
            "--tls-client-ca needs --tls-cert and --tls-key; found none");
  EXPECT_THAT(Refusal({"--tls-cert", "no/such.crt", "--tls-key", "no/such.key"}),
              HasSubstr("--tls-cert is \"no/such.crt\"; expected a file that can be read"));
  EXPECT_THAT(Refusal({"--auth-token-file", "no/such"}), HasSubstr("--auth-token-file"));
}

TEST(OptionsTest, EveryPortMayListenInSeveralPlaces) {
  const auto at = [](const std::string& option, const ServerOptions& options) {
    if (option == "--grpc-address") return options.grpc_addresses;
    return option == "--http-address" ? options.http_addresses : options.health_addresses;
  };
  for (const char* option : {"--grpc-address", "--http-address", "--health-address"}) {
    const auto both = ElementsAre("127.0.0.1:0", "unix:/run/x");
    EXPECT_THAT(at(option, Parsed({"--model", "m", option, "127.0.0.1:0", option, "unix:/run/x"})),
                both);
    const std::string variable = EnvironmentName(option);
    setenv(variable.c_str(), "127.0.0.1:0,unix:/run/x", 1);
    EXPECT_THAT(at(option, Parsed({"--model", "m"})), both);
    EXPECT_THAT(at(option, Parsed({"--model", "m", option, "[::]:1"})), ElementsAre("[::]:1"));
    unsetenv(variable.c_str());
  }
}

TEST(OptionsTest, OriginsAreNamedOneByOne) {
  EXPECT_THAT(Parsed({"--model", "m", "--http-allow-origin", "https://a.example",
                      "--http-allow-origin=http://b.example:3000"})
                  .http_allow_origins,
              ElementsAre("https://a.example", "http://b.example:3000"));
  EXPECT_THAT(Refusal({"--http-allow-origin", "*"}),
              HasSubstr("--http-allow-origin is \"*\"; expected an origin"));
}

TEST(OptionsTest, WhatIsInForceIsSaidWithItsDefaults) {
  setenv("VERDICT_THREADS", "3", 1);
  const ServerOptions options =
      Parsed({"--model", "m", "--http-address", "127.0.0.1:0", "--http-address", "unix:/run/x"});
  unsetenv("VERDICT_THREADS");
  std::map<std::string, OptionInForce> in_force;
  for (const OptionInForce& option : options.in_force) in_force[option.name] = option;
  EXPECT_EQ(in_force["--threads"].value, "3");
  EXPECT_FALSE(in_force["--threads"].is_default);
  EXPECT_EQ(in_force["--http-address"].value, "127.0.0.1:0,unix:/run/x");
  EXPECT_EQ(in_force["--precision"].value, "f32");
  EXPECT_TRUE(in_force["--precision"].is_default);
  EXPECT_EQ(in_force.count("--help"), 0);
}

// Else it would be found when the model is loaded and the port listens.
TEST(OptionsTest, AnAddressIsOneToWhoListensThere) {
  for (const char* option : {"--grpc-address", "--http-address", "--health-address"}) {
    for (const char* address : {"http://0.0.0.0:8080", ":::8080", "::1:8080", "127.0.0.1:8080s",
                                ":8080", "localhost", "h:-1", "unix:", ""}) {
      EXPECT_EQ(Refusal({option, address}),
                absl::StrCat(option, " is \"", address,
                             "\"; expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, or "
                             "unix:PATH"));
    }
  }
}

TEST(OptionsTest, KernelsAreAutoOrABackends) {
  EXPECT_EQ(Parsed({"--model", "m"}).kernels, "auto");
  for (const char* name : {"auto", "onednn", "panels", "tiles"}) {
    EXPECT_EQ(Parsed({"--model", "m", "--kernels", name}).kernels, name);
  }
  EXPECT_EQ(Refusal({"--kernels", "mkl"}),
            "--kernels is \"mkl\"; expected auto|onednn|panels|tiles");
}

TEST(OptionsTest, ThereAreThreePrecisions) {
  EXPECT_EQ(Parsed({"--model", "m"}).precision, Precision::kF32);
  EXPECT_EQ(Parsed({"--model", "m", "--precision", "bf16"}).precision, Precision::kBf16);
  EXPECT_EQ(Parsed({"--model", "m", "--precision", "int8"}).precision, Precision::kInt8);
  EXPECT_EQ(Refusal({"--precision", "f64"}), "--precision is \"f64\"; expected f32|bf16|int8");
}

TEST(OptionsTest, AWordIsTakenInAnyCase) {
  const ServerOptions options = Parsed({"--model", "m", "--precision", "BF16", "--kernels",
                                        "OneDNN", "--truncation", "Head_Tail", "--reflection",
                                        "OFF", "--log-level", "WARNING", "--log-format", "JSON"});
  EXPECT_EQ(options.precision, Precision::kBf16);
  EXPECT_EQ(options.kernels, "onednn");
  EXPECT_EQ(options.truncation, Truncation::kHeadTail);
  EXPECT_FALSE(options.reflection);
  EXPECT_EQ(options.log.level, LogLevel::kWarning);
  EXPECT_EQ(options.log.format, LogFormat::kJson);
  setenv("VERDICT_LOG_LEVEL", "Error", 1);
  EXPECT_EQ(Parsed({"--model", "m"}).log.level, LogLevel::kError);
  unsetenv("VERDICT_LOG_LEVEL");
}

TEST(OptionsTest, AnUnknownOptionIsRefused) {
  EXPECT_THAT(Refusal({"--thread", "1"}), HasSubstr("--thread"));
  EXPECT_THAT(Refusal({"stray"}), HasSubstr("stray"));
}

TEST(OptionsTest, TheEnvironmentFillsWhatTheCommandLineLeavesOut) {
  setenv("VERDICT_MODEL", "from/environment", 1);
  setenv("VERDICT_MAX_INPUTS", "12", 1);
  setenv("VERDICT_THREADS", "4", 1);
  const ServerOptions options = Parsed({"--threads", "2"});
  EXPECT_EQ(options.model_directory, "from/environment");
  EXPECT_EQ(options.requests.max_inputs, 12U);
  EXPECT_EQ(options.threads, 2);
  setenv("VERDICT_MAX_INPUTS", "none", 1);
  EXPECT_EQ(Refusal({}), "VERDICT_MAX_INPUTS is \"none\"; expected a number from 1 to 65536");
  for (const char* name : {"VERDICT_MODEL", "VERDICT_MAX_INPUTS", "VERDICT_THREADS"}) {
    unsetenv(name);
  }
}

TEST(OptionsTest, AVariableMayEndInALineEnd) {
  setenv("VERDICT_MODEL", "from/secret\n", 1);
  setenv("VERDICT_MAX_INPUTS", "12\r\n", 1);
  setenv("VERDICT_DRAIN_TIMEOUT", " \n", 1);
  const ServerOptions options = Parsed({});
  EXPECT_EQ(options.model_directory, "from/secret");
  EXPECT_EQ(options.requests.max_inputs, 12U);
  EXPECT_EQ(options.drain.timeout, absl::Seconds(30));
  for (const char* name : {"VERDICT_MODEL", "VERDICT_MAX_INPUTS", "VERDICT_DRAIN_TIMEOUT"}) {
    unsetenv(name);
  }
}

TEST(OptionsTest, AFileThatAVariableNamesIsRefusedByItsName) {
  setenv("VERDICT_AUTH_TOKEN_FILE", "no/such", 1);
  EXPECT_THAT(Refusal({}), StartsWith("VERDICT_AUTH_TOKEN_FILE is \"no/such\"; expected"));
  unsetenv("VERDICT_AUTH_TOKEN_FILE");
}

// Else a misspelt limit would be none.
TEST(OptionsTest, AnUnknownVariableIsAWarningWithTheNearestName) {
  const std::vector<const char*> names = {
      "VERDICT_MAX_INPUT",      "VERDICT_CLIENT_TLS_CA", "VERDICT_SERVER",
      "VERDICT_PORT_50051_TCP", "VERDICT_SERVICE_HOST",  "VERDICT_THREADS",
  };
  for (const char* name : names) setenv(name, "1", 1);
  const absl::StatusOr<CommandLine> command_line = Parse({"--model", "m"});
  for (const char* name : names) unsetenv(name);
  ASSERT_TRUE(command_line.ok()) << command_line.status();
  EXPECT_THAT(command_line->warnings,
              Contains("the variable VERDICT_MAX_INPUT means nothing to verdictd; the nearest name "
                       "is VERDICT_MAX_INPUTS"));
  for (const std::string& warning : command_line->warnings) {
    for (size_t i = 1; i < names.size(); ++i) EXPECT_THAT(warning, Not(HasSubstr(names[i])));
  }
}

TEST(OptionsTest, NoOptionHasANameThatKubernetesGivesToAService) {
  const absl::StatusOr<CommandLine> command_line = Parse({"--help"});
  ASSERT_TRUE(command_line.ok()) << command_line.status();
  int variables = 0;
  for (const absl::string_view line : absl::StrSplit(command_line->message, "(Env:")) {
    const absl::string_view name = line.substr(0, line.find(')'));
    if (!absl::StartsWith(name, "VERDICT_")) continue;
    ++variables;
    EXPECT_FALSE(IsServiceVariable(name)) << name;
  }
  EXPECT_GT(variables, 20);
}

TEST(OptionsTest, HelpListsEveryOptionWithItsDefaultAndItsEnvironment) {
  const absl::StatusOr<CommandLine> command_line = Parse({"--help"});
  ASSERT_TRUE(command_line.ok()) << command_line.status();
  for (const char* text : {"--model",
                           "--model-name",
                           "--grpc-address",
                           "0.0.0.0:50051",
                           "--http-address",
                           "0.0.0.0:8080",
                           "--precision",
                           "--kernels",
                           "--threads",
                           "--max-tokens",
                           "--max-batch-tokens",
                           "192 for each thread",
                           "--max-queue-tokens",
                           "131072",
                           "--max-texts-in-flight",
                           "4096",
                           "--max-bytes-in-flight",
                           "134217728",
                           "--max-inputs",
                           "256",
                           "--max-text-bytes",
                           "65536",
                           "--truncation",
                           "right",
                           "--drain-delay",
                           "--drain-timeout",
                           "30s",
                           "--health-address",
                           "--auth-token-file",
                           "--tls-cert",
                           "--tls-key",
                           "--tls-client-ca",
                           "--log-level",
                           "--log-format",
                           "--trace-endpoint",
                           "--trace-ratio",
                           "--slow-call",
                           "VERDICT_MODEL",
                           "VERDICT_DRAIN_TIMEOUT"}) {
    EXPECT_THAT(command_line->message, HasSubstr(text));
  }
}

TEST(OptionsTest, VersionIsOneLine) {
  const absl::StatusOr<CommandLine> command_line = Parse({"--version"});
  ASSERT_TRUE(command_line.ok()) << command_line.status();
  EXPECT_THAT(command_line->message, ::testing::MatchesRegex("verdictd [0-9.]+\n"));
}

}  // namespace
}  // namespace verdict
