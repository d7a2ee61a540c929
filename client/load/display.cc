#include "client/load/display.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace verdict {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(500);

}  // namespace

std::string LoadLine(const LoadRecorder& recorder, absl::Duration elapsed, size_t in_flight) {
  std::string line =
      absl::StrFormat("%d s  %d in flight", absl::ToInt64Seconds(elapsed), in_flight);
  // The second before the last whole one: the calls of the last may still be on their way.
  const int64_t second = absl::ToInt64Seconds(elapsed) - 2;
  if (second >= 0 && static_cast<size_t>(second) < recorder.seconds().size()) {
    const LoadSecond& shown = recorder.seconds()[second];
    absl::StrAppendFormat(&line, "  offered %d/s  goodput %d/s", shown.started, shown.good_texts);
    if (shown.latency.count() > 0) {
      absl::StrAppendFormat(&line, "  p50 %.1f ms  p99 %.1f ms",
                            shown.latency.QuantileInSeconds(0.5) * 1e3,
                            shown.latency.QuantileInSeconds(0.99) * 1e3);
    }
  }
  for (size_t code = 0; code < kStatusCodes; ++code) {
    uint64_t count = 0;
    for (size_t stage = 0; stage < recorder.stages(); ++stage) {
      const LoadTally& tally = recorder.stage(stage);
      for (const MethodTally& method : tally.methods) count += method.codes[code];
      // As the summary counts: not the streams that carry messages.
      count -= tally.of(LoadMethod::kClassifyStream).codes[code];
    }
    if (count == 0) continue;
    absl::StrAppend(&line, "  ", absl::StatusCodeToString(static_cast<absl::StatusCode>(code)), " ",
                    count);
  }
  return line;
}

void LoadDisplay::Update(const LoadRecorder& recorder, absl::Duration elapsed, size_t in_flight) {
  if (stream_ == nullptr || elapsed - drawn_ < kRedraw) return;
  // To the first column, and the rest of the old line away.
  std::fprintf(stream_, "\r%s\x1b[K", LoadLine(recorder, elapsed, in_flight).c_str());
  std::fflush(stream_);
  drawn_ = elapsed;
  visible_ = true;
}

void LoadDisplay::Clear() {
  if (!visible_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  visible_ = false;
}

}  // namespace verdict
