// How far a long job has come, on a terminal.
#ifndef VERDICT_CLIENT_CLI_OUTPUT_PROGRESS_BAR_H_
#define VERDICT_CLIENT_CLI_OUTPUT_PROGRESS_BAR_H_

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace verdict {

struct Progress {
  uint64_t texts = 0;                                  // done
  uint64_t bytes = 0;                                  // of the input, done
  std::optional<uint64_t> total_bytes = std::nullopt;  // of the input, if known
  absl::Duration elapsed = absl::ZeroDuration();
};

// One line of at most 79 columns:
//   [##############                ]  47 %  8,120 texts  402/s  23s left
// Without a total there is no bar and no time left.
std::string ProgressLine(const Progress& progress);

// Draws the line on `stream` over and over, but never in the first second: short jobs stay silent.
//
// Not thread-safe.
class ProgressBar {
 public:
  // Draws nothing at all without a stream.
  ProgressBar(std::FILE* stream, absl::Time start) : stream_(stream), start_(start) {}
  ~ProgressBar() { Clear(); }

  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Draws, unless it has drawn within the last tenth of a second. `elapsed` is filled in here.
  void Update(absl::Time now, Progress progress);

  // Makes room for another line on the same terminal.
  void Clear();

 private:
  std::FILE* const stream_;
  const absl::Time start_;
  absl::Time drawn_ = absl::InfinitePast();
  bool visible_ = false;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_OUTPUT_PROGRESS_BAR_H_
