#include "client/cli/output/outcome_printer.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <utility>

#include "absl/strings/str_format.h"
#include "latency/steady_clock.h"

namespace verdict {

OutcomePrinter::OutcomePrinter(Options options)
    : options_(std::move(options)),
      is_terminal_(isatty(STDOUT_FILENO) == 1),
      format_(options_.format),
      output_(STDOUT_FILENO),
      // Where the results are seen as they come, they are the progress.
      bar_(isatty(STDERR_FILENO) && !is_terminal_ ? stderr : nullptr, SteadyNow()) {
  progress_.total_bytes = options_.total_bytes;
}

void OutcomePrinter::Print(const Outcome& outcome, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!outcome.result.ok()) {
    bar_.Clear();
    absl::FPrintF(stderr, "verdict: %s %d: %s\n", options_.place, outcome.number,
                  outcome.result.status().message());
    ++failed_;
  } else if (outcome.result->tokens().truncated()) {
    ++truncated_;
  }
  output_.Add(format_.Line(outcome));
  if (is_terminal_) output_.Flush();
  ++progress_.texts;
  progress_.bytes += bytes;
  bar_.Update(SteadyNow(), progress_);
}

void OutcomePrinter::Flush() {
  const std::lock_guard lock(mutex_);
  output_.Flush();
}

void OutcomePrinter::Finish() {
  const std::lock_guard lock(mutex_);
  bar_.Clear();
  output_.Flush();
  if (truncated_ > 0 && options_.format.format != OutputFormat::kJson) {
    absl::FPrintF(stderr,
                  "verdict: %d of %d texts were longer than the model takes: their labels speak "
                  "for a part\n",
                  truncated_, progress_.texts);
  }
}

void OutcomePrinter::SayInterrupted(int signal) {
  const std::lock_guard lock(mutex_);
  bar_.Clear();
  output_.Flush();
  absl::FPrintF(stderr, "verdict: ended by %s: %d texts classified, %d failed\n",
                signal == SIGINT ? "SIGINT" : "SIGTERM", progress_.texts - failed_, failed_);
}

bool OutcomePrinter::any_failed() const {
  const std::lock_guard lock(mutex_);
  return failed_ > 0;
}

absl::Status OutcomePrinter::status() const {
  const std::lock_guard lock(mutex_);
  return output_.status();
}

}  // namespace verdict
