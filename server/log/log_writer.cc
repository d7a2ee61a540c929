#include "server/log/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>

#include "absl/time/clock.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// Whether the descriptor took all bytes. Waits for it, however it is set.
bool WriteAll(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno == EAGAIN) {
      pollfd writable = {.fd = descriptor, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// A thread that takes no signal: those of the process are for the thread that waits for them.
std::shared_ptr<spdlog::details::thread_pool> StartThread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto thread = std::make_shared<spdlog::details::thread_pool>(
      LogWriter::kQueuedLines, 1, [] { pthread_setname_np(pthread_self(), "log"); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

class LogWriter::Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(int descriptor) : descriptor_(descriptor) {}

  uint64_t done() const { return done_; }
  uint64_t failed() const { return failed_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!WriteAll(descriptor_, absl::string_view(line.data(), line.size()))) ++failed_;
    ++done_;
  }
  void flush_() override {}

 private:
  const int descriptor_;
  std::atomic<uint64_t> done_ = 0;
  std::atomic<uint64_t> failed_ = 0;
};

LogWriter::LogWriter(int descriptor, const std::string& pattern)
    : sink_(std::make_shared<Sink>(descriptor)),
      thread_(StartThread()),
      logger_(std::make_shared<spdlog::async_logger>(
          "verdict", sink_, thread_, spdlog::async_overflow_policy::overrun_oldest)) {
  logger_->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  logger_->set_level(spdlog::level::trace);
}

void LogWriter::Write(spdlog::level::level_enum level, absl::string_view line) {
  ++queued_;
  logger_->log(level, spdlog::string_view_t(line.data(), line.size()));
}

bool LogWriter::AwaitWritten(absl::Duration most) {
  const absl::Time end = SteadyNow() + most;
  const uint64_t queued = queued_;
  while (sink_->done() + thread_->overrun_counter() < queued) {
    if (SteadyNow() >= end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

uint64_t LogWriter::lost() const { return thread_->overrun_counter() + sink_->failed(); }

}  // namespace verdict
