// What `verdict classify` says of its texts, on standard output and standard error.
#ifndef VERDICT_CLIENT_CLI_OUTPUT_OUTCOME_PRINTER_H_
#define VERDICT_CLIENT_CLI_OUTPUT_OUTCOME_PRINTER_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/bulk_classifier.h"
#include "client/cli/output/format.h"
#include "client/cli/output/line_output.h"
#include "client/cli/output/progress_bar.h"

namespace verdict {

// Prints a line for each outcome, and says on standard error which failed and how far it came.
//
// Thread-safe: last words are said in a thread of their own, in the middle of anything.
class OutcomePrinter {
 public:
  struct Options {
    OutcomeFormat::Options format;
    std::string place = "line";  // what a number counts, for people: "text", "reviews.csv, line"
    std::optional<uint64_t> total_bytes = std::nullopt;  // of the input, if known
  };

  explicit OutcomePrinter(Options options);

  // `bytes`: of the input, that it stands for.
  void Print(const Outcome& outcome, uint64_t bytes);

  // Writes what was printed so far: whoever writes the input may wait for it.
  void Flush();

  // Writes the rest, and says what people should know of the whole.
  void Finish();

  // The same for a process that a signal ends.
  void SayInterrupted(int signal);

  bool any_failed() const;      // of the texts
  absl::Status status() const;  // of standard output

 private:
  const Options options_;
  const bool is_terminal_;

  mutable std::mutex mutex_;  // guards all below
  OutcomeFormat format_;
  LineOutput output_;
  ProgressBar bar_;
  Progress progress_;
  uint64_t failed_ = 0;
  uint64_t truncated_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_OUTPUT_OUTCOME_PRINTER_H_
