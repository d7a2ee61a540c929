// Writes the lines of the log.
#ifndef VERDICT_SERVER_LOG_LOG_WRITER_H_
#define VERDICT_SERVER_LOG_LOG_WRITER_H_

#include <spdlog/async_logger.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace verdict {

// A thread writes lines to a descriptor; whoever logs only puts them into a queue. When nobody
// reads the descriptor, and the queue is full, the oldest lines are lost: a log that nobody reads
// must not hold the server up.
//
// Write and lost may be called from any thread. The destructor waits for the descriptor.
class LogWriter {
 public:
  // Some seconds of a busy log; 4 MB at most, as lines are.
  static constexpr size_t kQueuedLines = 1024;

  // `pattern` is spdlog's, and makes a line of what is written. Until the end of this object the
  // descriptor must be open.
  LogWriter(int descriptor, const std::string& pattern);

  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Never waits for the descriptor.
  void Write(spdlog::level::level_enum level, absl::string_view line);

  // Waits until all lines have been written or lost, for `most` at most; whether they were.
  bool AwaitWritten(absl::Duration most);

  // Lines that were lost: overrun in the queue, or not taken by the descriptor.
  uint64_t lost() const;

 private:
  class Sink;

  std::atomic<uint64_t> queued_ = 0;
  const std::shared_ptr<Sink> sink_;
  const std::shared_ptr<spdlog::details::thread_pool> thread_;
  const std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_LOG_LOG_WRITER_H_
