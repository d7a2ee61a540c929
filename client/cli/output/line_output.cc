#include "client/cli/output/line_output.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace verdict {

void LineOutput::Add(absl::string_view line) {
  if (!lines_.empty() && lines_.size() + line.size() + 1 > kPiece) Flush();
  absl::StrAppend(&lines_, line, "\n");
}

void LineOutput::Flush() {
  absl::string_view left = lines_;
  while (!left.empty() && status_.ok()) {
    const ssize_t written = write(descriptor_, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      status_ = absl::ErrnoToStatus(errno, "cannot write to standard output");
    }
  }
  lines_.clear();
}

}  // namespace verdict
