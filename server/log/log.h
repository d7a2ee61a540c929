// One line of log for each thing that happened, for people (text) or for machines (JSON).
//
//   Log(LogLevel::kInfo, "model loaded", {{"path", path}, {"seconds", 0.25}});
//
//   2026-01-31T12:00:00.123Z info model loaded path=models/demo seconds=0.25
//   {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"model
//   loaded","path":"models/demo","seconds":0.25}
//
// Never log what a caller sent: texts are their users' words.
#ifndef VERDICT_SERVER_LOG_LOG_H_
#define VERDICT_SERVER_LOG_LOG_H_

#include <unistd.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace verdict {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

// Its name: "debug", "info", "warning" or "error"; and the level of a name, if it is one.
const char* LogLevelName(LogLevel level);
std::optional<LogLevel> LogLevelOf(absl::string_view name);

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // less important lines are dropped
  LogFormat format = LogFormat::kText;
};

// A named value of a line. Names are ours: lower case with underscores, units at the end
// (`_bytes`).
struct LogField {
  LogField(absl::string_view name, absl::string_view value) : name(name), value(value) {}
  // Without these two a `const char*` would be a bool.
  LogField(absl::string_view name, const char* value)
      : name(name), value(absl::string_view(value)) {}
  LogField(absl::string_view name, const std::string& value)
      : name(name), value(absl::string_view(value)) {}
  LogField(absl::string_view name, bool value) : name(name), value(value) {}
  LogField(absl::string_view name, double value) : name(name), value(value) {}
  template <typename Integer>
  requires std::integral<Integer> &&
      (!std::same_as<Integer, bool>)LogField(absl::string_view name, Integer value)
      : name(name), value(static_cast<int64_t>(value)) {}

  absl::string_view name;
  std::variant<absl::string_view, bool, double, int64_t> value;
};

// From now on lines go to `descriptor`, and those of gRPC and Protobuf with them. Until then they
// are dropped. Called once, before threads that log are started; it starts one that writes, so that
// who logs never waits for who reads the log.
void StartLogging(const LogOptions& options, int descriptor = STDERR_FILENO);

// From now on less important lines are dropped. From any thread.
void SetLogLevel(LogLevel level);
LogLevel CurrentLogLevel();

// Logs one line, whatever the strings hold. It is lost, and counted, when nobody reads the log and
// LogWriter::kQueuedLines wait. May be called from any thread.
void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {});

// As Log, for lines that callers can cause as often as they like. Of such lines, and those of gRPC
// and Protobuf, at most ten are written in a second (LineLimit). `message` must be a literal.
void LogCallers(LogLevel level, const char* message, std::initializer_list<LogField> fields = {});
void LogCallers(LogLevel level, const char* message, absl::Span<const LogField> fields);

// Waits until all lines are written, for `most` at most: nobody may be there to read them. For the
// end of the process.
void FlushLog(absl::Duration most = absl::Milliseconds(200));

// Lines that were dropped since the process began.
struct DroppedLines {
  uint64_t limit = 0;   // callers caused more than ten a second
  uint64_t unread = 0;  // the queue was full, or the descriptor did not take them
};
DroppedLines LinesDropped();

}  // namespace verdict

#endif  // VERDICT_SERVER_LOG_LOG_H_
