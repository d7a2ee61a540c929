#include "client/cli/output/progress_bar.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace verdict {
namespace {

constexpr absl::Duration kSilence = absl::Seconds(1);
constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr int kBarWidth = 30;

std::string WithThousands(uint64_t number) {
  if (number < 1000) return absl::StrCat(number);
  return absl::StrFormat("%s,%03d", WithThousands(number / 1000), number % 1000);
}

}  // namespace

std::string ProgressLine(const Progress& progress) {
  const double seconds = std::max(absl::ToDoubleSeconds(progress.elapsed), 1e-3);
  std::string texts = absl::StrFormat(
      "%s texts  %s/s", WithThousands(progress.texts),
      WithThousands(static_cast<uint64_t>(static_cast<double>(progress.texts) / seconds)));
  if (!progress.total_bytes || *progress.total_bytes == 0) return texts;
  const double part = std::min(
      1.0, static_cast<double>(progress.bytes) / static_cast<double>(*progress.total_bytes));
  const int filled = static_cast<int>(part * kBarWidth);
  std::string line =
      absl::StrFormat("[%s%s] %3d %%  %s", std::string(filled, '#'),
                      std::string(kBarWidth - filled, ' '), static_cast<int>(part * 100), texts);
  if (part > 0) {
    const absl::Duration left = progress.elapsed * ((1 - part) / part);
    absl::StrAppend(&line, "  ", absl::FormatDuration(absl::Ceil(left, absl::Seconds(1))), " left");
  }
  return line;
}

void ProgressBar::Update(absl::Time now, Progress progress) {
  if (stream_ == nullptr || now - start_ < kSilence || now - drawn_ < kRedraw) return;
  progress.elapsed = now - start_;
  // To the first column, and the rest of the old line away.
  std::fprintf(stream_, "\r%s\x1b[K", ProgressLine(progress).c_str());
  std::fflush(stream_);
  drawn_ = now;
  visible_ = true;
}

void ProgressBar::Clear() {
  if (!visible_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  visible_ = false;
}

}  // namespace verdict
