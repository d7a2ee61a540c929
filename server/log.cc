#include "server/log.h"

#include <google/protobuf/stubs/common.h>
#include <grpc/support/log.h>
#include <grpcpp/version_info.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

namespace verdict {
namespace {

// Where lines go. Not destroyed at the end of the process: libraries log until then.
struct Destination {
  LogFormat format;
  spdlog::logger logger;
};
Destination* destination = nullptr;

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); });
}

// A value as a shell or logfmt would take it: quoted where it is not a plain word.
std::string TextValue(absl::string_view value) {
  const bool plain = !value.empty() && !HasControl(value) &&
                     value.find_first_of(" \"'=\\") == absl::string_view::npos;
  return plain ? std::string(value) : absl::StrCat("\"", absl::Utf8SafeCEscape(value), "\"");
}

std::string TextLine(absl::string_view message, std::initializer_list<LogField> fields) {
  std::string line = HasControl(message) ? absl::Utf8SafeCEscape(message) : std::string(message);
  for (const LogField& field : fields) {
    absl::StrAppend(&line, " ", field.name, "=");
    std::visit(
        [&line](auto value) {
          using Value = decltype(value);
          if constexpr (std::is_same_v<Value, absl::string_view>) {
            line += TextValue(value);
          } else if constexpr (std::is_same_v<Value, bool>) {
            line += value ? "true" : "false";
          } else {
            absl::StrAppend(&line, value);
          }
        },
        field.value);
  }
  return line;
}

// The members that follow time and level, without braces.
std::string JsonMembers(absl::string_view message, std::initializer_list<LogField> fields) {
  using Json = nlohmann::ordered_json;
  Json members = {{"message", std::string(message)}};
  for (const LogField& field : fields) {
    std::visit(
        [&](auto value) {
          if constexpr (std::is_same_v<decltype(value), absl::string_view>) {
            members[std::string(field.name)] = std::string(value);
          } else {
            members[std::string(field.name)] = value;
          }
        },
        field.value);
  }
  // Bytes that are not UTF-8 become U+FFFD: a line must be JSON whatever it has to tell.
  const std::string object = members.dump(-1, ' ', false, Json::error_handler_t::replace);
  return object.substr(1, object.size() - 2);
}

// Libraries have a word in the log as well; `library` says whose it is. They must not write to
// stderr by themselves: a plain line among JSON lines breaks who reads them.
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
void LogGrpc(gpr_log_func_args* args) {
  const LogLevel level = args->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kError
                         : args->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                   : LogLevel::kDebug;
  Log(level, args->message, {{"library", "grpc"}, {"file", args->file}, {"line", args->line}});
}
void RouteGrpc() {
  gpr_log_verbosity_init();  // from the environment, as gRPC does when first used
  gpr_set_log_function(LogGrpc);
}
#else
void RouteGrpc() {}      // it logs by absl::log since then
#endif

#if GOOGLE_PROTOBUF_VERSION < 4022000
void LogProtobuf(google::protobuf::LogLevel level, const char* file, int line,
                 const std::string& message) {
  const LogLevel ours = level >= google::protobuf::LOGLEVEL_ERROR     ? LogLevel::kError
                        : level == google::protobuf::LOGLEVEL_WARNING ? LogLevel::kWarning
                                                                      : LogLevel::kInfo;
  Log(ours, message, {{"library", "protobuf"}, {"file", file}, {"line", line}});
}
void RouteProtobuf() { google::protobuf::SetLogHandler(LogProtobuf); }
#else
void RouteProtobuf() {}  // it logs by absl::log since then
#endif

}  // namespace

void StartLogging(const LogOptions& options, std::FILE* stream) {
  const char* pattern = options.format == LogFormat::kJson
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  using Sink = spdlog::sinks::stdout_sink_base<spdlog::details::console_mutex>;
  auto next = std::make_unique<Destination>(
      Destination{options.format, spdlog::logger("verdict", std::make_shared<Sink>(stream))});
  next->logger.set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  next->logger.set_level(SpdlogLevel(options.level));
  delete destination;
  destination = next.release();
  RouteGrpc();
  RouteProtobuf();
}

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (destination == nullptr || !destination->logger.should_log(SpdlogLevel(level))) return;
  const std::string line = destination->format == LogFormat::kJson ? JsonMembers(message, fields)
                                                                   : TextLine(message, fields);
  destination->logger.log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace verdict
