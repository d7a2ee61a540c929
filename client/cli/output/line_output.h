// Standard output in whole lines.
#ifndef VERDICT_CLIENT_CLI_OUTPUT_LINE_OUTPUT_H_
#define VERDICT_CLIENT_CLI_OUTPUT_LINE_OUTPUT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace verdict {

// Collects lines and writes them to a descriptor, some at a time but never a part of one: a process
// that ends between two writes leaves whole lines. What is written at once is at most what a pipe
// takes in one piece, but for a single line that is longer.
//
// Not thread-safe.
class LineOutput {
 public:
  // What POSIX promises of every pipe is 512; Linux takes 4096 (PIPE_BUF).
  static constexpr size_t kPiece = 4096;

  explicit LineOutput(int descriptor) : descriptor_(descriptor) {}

  // Adds `line`, without its end.
  void Add(absl::string_view line);

  // Writes all that was added.
  void Flush();

  // Not OK once a write has failed: nothing is written any more.
  const absl::Status& status() const { return status_; }

 private:
  const int descriptor_;
  std::string lines_;  // whole ones, not written yet
  absl::Status status_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_OUTPUT_LINE_OUTPUT_H_
