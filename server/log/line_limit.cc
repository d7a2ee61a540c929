#include "server/log/line_limit.h"

#include <algorithm>

namespace verdict {

LineLimit::Decision LineLimit::Decide(uint64_t place, absl::Time now) {
  const bool report = left_out_ > reported_ && Recent(now, kReport) == 0;
  if (Recent(now, std::nullopt) + (report ? 1 : 0) >= kLines ||
      Recent(now, place) >= kLinesOfOnePlace) {
    ++left_out_;
    return {};
  }
  Decision decision = {.pass = true};
  if (report) {
    decision.report = TakeUnreported();
    Pass(kReport, now);
  }
  Pass(place, now);
  return decision;
}

uint64_t LineLimit::TakeUnreported() {
  const uint64_t unreported = left_out_ - reported_;
  reported_ = left_out_;
  return unreported;
}

size_t LineLimit::Recent(absl::Time now, std::optional<uint64_t> place) const {
  return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const Line& line) {
    return now - line.time < kPeriod && (!place.has_value() || line.place == *place);
  }));
}

void LineLimit::Pass(uint64_t place, absl::Time now) {
  lines_[oldest_] = {.time = now, .place = place};
  oldest_ = (oldest_ + 1) % kLines;
}

}  // namespace verdict
