#include "server/log/log.h"

#include <google/protobuf/stubs/common.h>
#include <grpc/support/log.h>
#include <grpcpp/version_info.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "latency/steady_clock.h"
#include "server/log/grpc_refusals.h"
#include "server/log/line_limit.h"
#include "server/log/log_writer.h"

#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

namespace verdict {
namespace {

// gRPC quotes what it got: a line of it may be as long as a caller likes.
constexpr size_t kMostOfLibrary = 1024;

// Where lines go. Not destroyed at the end of the process: libraries log until then.
struct Destination {
  Destination(const LogOptions& options, int descriptor)
      : format(options.format), level(options.level), writer(descriptor, Pattern(format)) {}

  static const char* Pattern(LogFormat format) {
    return format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                      : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  }

  const LogFormat format;
  std::atomic<LogLevel> level;
  LogWriter writer;
  absl::Mutex mutex;
  LineLimit limit ABSL_GUARDED_BY(mutex);
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

std::string TextLine(absl::string_view message, absl::Span<const LogField> fields) {
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
std::string JsonMembers(absl::string_view message, absl::Span<const LogField> fields) {
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

void ReportLeftOut(uint64_t lines) {
  Log(LogLevel::kWarning, "callers caused more lines than are logged; these were left out",
      {{"lines", lines}});
}

// `line` with DEL and the C1 controls (U+0080 to U+009F) as \u009b, which is right in text and in
// JSON: some terminals obey them.
std::string Visible(absl::string_view line) {
  std::string visible;
  for (size_t i = 0; i < line.size(); ++i) {
    const auto next = static_cast<unsigned char>(i + 1 < line.size() ? line[i + 1] : 0);
    if (line[i] == '\x7F') {
      visible += "\\u007f";
    } else if (line[i] == '\xC2' && next >= 0x80 && next <= 0x9F) {
      absl::StrAppend(&visible, "\\u00", absl::Hex(next));
      ++i;
    } else {
      visible += line[i];
    }
  }
  return visible;
}

bool IsLogged(LogLevel level) { return destination != nullptr && level >= destination->level; }

// Whether a line from `place` may be written; says how many were left out before it.
bool Admit(uint64_t place) {
  LineLimit::Decision decision;
  {
    absl::MutexLock lock(&destination->mutex);
    decision = destination->limit.Decide(place, SteadyNow());
  }
  if (decision.report > 0) ReportLeftOut(decision.report);
  return decision.pass;
}

// Libraries have a word in the log as well; `library` says whose it is. They must not write to
// stderr by themselves: a plain line among JSON lines breaks who reads them.
void LogLibrary(LogLevel level, const char* library, const char* file, int line,
                absl::string_view message) {
  if (!IsLogged(level)) return;
  // Who asks for debugging lines wants all of them.
  if (level > LogLevel::kDebug && !Admit(absl::HashOf(absl::string_view(file), line))) return;
  std::string cut;
  if (message.size() > kMostOfLibrary) {
    cut = absl::StrCat(message.substr(0, kMostOfLibrary), "... (", message.size(), " bytes)");
    message = cut;
  }
  Log(level, message, {{"library", library}, {"file", file}, {"line", line}});
}

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65
void LogGrpc(gpr_log_func_args* args) {
  const LogLevel level = args->severity == GPR_LOG_SEVERITY_ERROR  ? LogLevel::kError
                         : args->severity == GPR_LOG_SEVERITY_INFO ? LogLevel::kInfo
                                                                   : LogLevel::kDebug;
  CountGrpcRefusalIn(args->message);
  LogLibrary(level, "grpc", args->file, args->line, args->message);
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
  LogLibrary(ours, "protobuf", file, line, message);
}
void RouteProtobuf() { google::protobuf::SetLogHandler(LogProtobuf); }
#else
void RouteProtobuf() {}  // it logs by absl::log since then
#endif

void Write(LogLevel level, absl::string_view message, absl::Span<const LogField> fields) {
  destination->writer.Write(SpdlogLevel(level), Visible(destination->format == LogFormat::kJson
                                                            ? JsonMembers(message, fields)
                                                            : TextLine(message, fields)));
}

}  // namespace

const char* LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

std::optional<LogLevel> LogLevelOf(absl::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (name == LogLevelName(level)) return level;
  }
  return std::nullopt;
}

void StartLogging(const LogOptions& options, int descriptor) {
  auto next = std::make_unique<Destination>(options, descriptor);
  delete destination;
  destination = next.release();
  RouteGrpc();
  RouteProtobuf();
}

void SetLogLevel(LogLevel level) {
  if (destination != nullptr) destination->level = level;
}

LogLevel CurrentLogLevel() {
  return destination == nullptr ? LogOptions().level : destination->level.load();
}

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (IsLogged(level)) Write(level, message, absl::MakeConstSpan(fields.begin(), fields.size()));
}

void LogCallers(LogLevel level, const char* message, std::initializer_list<LogField> fields) {
  LogCallers(level, message, absl::MakeConstSpan(fields.begin(), fields.size()));
}

void LogCallers(LogLevel level, const char* message, absl::Span<const LogField> fields) {
  if (IsLogged(level) && Admit(absl::HashOf(absl::string_view(message)))) {
    Write(level, message, fields);
  }
}

void FlushLog(absl::Duration most) {
  if (destination == nullptr) return;
  uint64_t left_out = 0;
  {
    absl::MutexLock lock(&destination->mutex);
    left_out = destination->limit.TakeUnreported();
  }
  if (left_out > 0) ReportLeftOut(left_out);
  destination->writer.AwaitWritten(most);
}

DroppedLines LinesDropped() {
  if (destination == nullptr) return {};
  absl::MutexLock lock(&destination->mutex);
  return {.limit = destination->limit.left_out(), .unread = destination->writer.lost()};
}

}  // namespace verdict
