#include "server/metrics/rolling_window.h"

#include <algorithm>

namespace verdict {

RollingWindow::RollingWindow() : slots_(kSlots) {}

void RollingWindow::Observe(absl::Time now, absl::Duration duration) {
  Advance(now);
  slots_[newest_slot_ % kSlots].Observe(duration);
}

std::vector<double> RollingWindow::QuantilesInSeconds(absl::Time now,
                                                      const std::vector<double>& quantiles) const {
  // Slots that have fallen out of the window are still in the ring if nothing was observed since.
  const int64_t oldest_slot = std::max<int64_t>(
      0, std::max(newest_slot_, absl::ToUnixSeconds(now) / kSlotSeconds) - kSlots + 1);
  LatencyHistogram window;
  for (int64_t slot = oldest_slot; slot <= newest_slot_; ++slot) window.Add(slots_[slot % kSlots]);
  std::vector<double> values;
  values.reserve(quantiles.size());
  for (double quantile : quantiles) values.push_back(window.QuantileInSeconds(quantile));
  return values;
}

void RollingWindow::Advance(absl::Time now) {
  const int64_t slot = absl::ToUnixSeconds(now) / kSlotSeconds;
  if (slot <= newest_slot_) return;
  const int64_t cleared = std::min(slot - newest_slot_, kSlots);
  newest_slot_ = slot;
  for (int64_t i = 0; i < cleared; ++i) slots_[(slot - i) % kSlots].Clear();
}

}  // namespace verdict
