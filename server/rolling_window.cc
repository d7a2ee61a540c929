#include "server/rolling_window.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace verdict {
namespace {

// Nanoseconds below 128 have a bucket each; above, every power of two is cut into 64 equal buckets.
constexpr int kStepBits = 6;
constexpr int kMaxBits = 42;
constexpr int64_t kMaxNanoseconds = (int64_t{1} << kMaxBits) - 1;

size_t BucketOf(int64_t nanoseconds) {
  const auto value = static_cast<uint64_t>(std::clamp<int64_t>(nanoseconds, 0, kMaxNanoseconds));
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - (kStepBits + 1));
  return (static_cast<size_t>(shift) << kStepBits) + (value >> shift);
}

constexpr size_t kBuckets = (size_t{kMaxBits - kStepBits} << kStepBits) + (1 << kStepBits);

// The middle of a bucket: at most half its width from whatever fell into it.
double MiddleInSeconds(size_t bucket) {
  const int shift = std::max(0, static_cast<int>(bucket >> kStepBits) - 1);
  const double width = std::ldexp(1.0, shift);
  const double begin =
      static_cast<double>(bucket - (static_cast<size_t>(shift) << kStepBits)) * width;
  return (begin + (width - 1) / 2) * 1e-9;
}

}  // namespace

RollingWindow::RollingWindow() : counts_(kSlots * kBuckets) {}

void RollingWindow::Observe(absl::Time now, absl::Duration duration) {
  Advance(now);
  ++counts_[newest_slot_ % kSlots * kBuckets + BucketOf(absl::ToInt64Nanoseconds(duration))];
}

std::vector<double> RollingWindow::QuantilesInSeconds(absl::Time now,
                                                      const std::vector<double>& quantiles) const {
  // Slots that have fallen out of the window are still in the ring if nothing was observed since.
  const int64_t oldest_slot = std::max<int64_t>(
      0, std::max(newest_slot_, absl::ToUnixSeconds(now) / kSlotSeconds) - kSlots + 1);
  std::vector<uint64_t> merged(kBuckets);
  for (int64_t slot = oldest_slot; slot <= newest_slot_; ++slot) {
    const uint32_t* counts = &counts_[slot % kSlots * kBuckets];
    for (size_t i = 0; i < kBuckets; ++i) merged[i] += counts[i];
  }
  uint64_t total = 0;
  for (uint64_t count : merged) total += count;

  std::vector<double> values(quantiles.size(), std::numeric_limits<double>::quiet_NaN());
  if (total == 0) return values;
  for (size_t i = 0; i < quantiles.size(); ++i) {
    const auto rank = std::max<uint64_t>(1, std::ceil(quantiles[i] * static_cast<double>(total)));
    size_t bucket = 0;
    for (uint64_t seen = merged[0]; seen < rank && bucket + 1 < kBuckets; seen += merged[bucket]) {
      ++bucket;
    }
    values[i] = MiddleInSeconds(bucket);
  }
  return values;
}

void RollingWindow::Advance(absl::Time now) {
  const int64_t slot = absl::ToUnixSeconds(now) / kSlotSeconds;
  if (slot <= newest_slot_) return;
  const int64_t cleared = std::min(slot - newest_slot_, kSlots);
  newest_slot_ = slot;
  for (int64_t i = 0; i < cleared; ++i) {
    uint32_t* const begin = &counts_[(slot - i) % kSlots * kBuckets];
    std::fill(begin, begin + kBuckets, 0);
  }
}

}  // namespace verdict
