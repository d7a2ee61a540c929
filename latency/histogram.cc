#include "latency/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

namespace verdict {
namespace {

// Nanoseconds below 128 have a bucket each; above, every power of two is cut into 64 equal buckets.
constexpr int kStepBits = 6;
constexpr int kMaxBits = 42;
constexpr int64_t kMaxNanoseconds = (int64_t{1} << kMaxBits) - 1;

size_t BucketOf(int64_t nanoseconds) {
  const auto value = static_cast<uint64_t>(nanoseconds);
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - (kStepBits + 1));
  return (static_cast<size_t>(shift) << kStepBits) + (value >> shift);
}

constexpr size_t kBuckets = (size_t{kMaxBits - kStepBits} << kStepBits) + (1 << kStepBits);

// The middle of a bucket: at most half its width from whatever fell into it.
double MiddleInNanoseconds(size_t bucket) {
  const int shift = std::max(0, static_cast<int>(bucket >> kStepBits) - 1);
  const double width = std::ldexp(1.0, shift);
  const double begin =
      static_cast<double>(bucket - (static_cast<size_t>(shift) << kStepBits)) * width;
  return begin + (width - 1) / 2;
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(kBuckets) {}

void LatencyHistogram::Observe(absl::Duration duration) {
  const int64_t nanoseconds =
      std::clamp<int64_t>(absl::ToInt64Nanoseconds(duration), 0, kMaxNanoseconds);
  min_nanoseconds_ = count_ == 0 ? nanoseconds : std::min(min_nanoseconds_, nanoseconds);
  max_nanoseconds_ = count_ == 0 ? nanoseconds : std::max(max_nanoseconds_, nanoseconds);
  sum_nanoseconds_ += static_cast<double>(nanoseconds);
  ++count_;
  ++buckets_[BucketOf(nanoseconds)];
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  if (other.count_ == 0) return;
  min_nanoseconds_ =
      count_ == 0 ? other.min_nanoseconds_ : std::min(min_nanoseconds_, other.min_nanoseconds_);
  max_nanoseconds_ =
      count_ == 0 ? other.max_nanoseconds_ : std::max(max_nanoseconds_, other.max_nanoseconds_);
  sum_nanoseconds_ += other.sum_nanoseconds_;
  count_ += other.count_;
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
}

void LatencyHistogram::Clear() {
  if (count_ == 0) return;
  count_ = 0;
  sum_nanoseconds_ = 0;
  std::fill(buckets_.begin(), buckets_.end(), 0);
}

double LatencyHistogram::QuantileInSeconds(double quantile) const {
  if (count_ == 0) return kNaN;
  const auto rank = std::max<uint64_t>(1, std::ceil(quantile * static_cast<double>(count_)));
  size_t bucket = 0;
  for (uint64_t seen = buckets_[0]; seen < rank && bucket + 1 < kBuckets;
       seen += buckets_[bucket]) {
    ++bucket;
  }
  // The ends are known exactly: no quantile lies beyond them.
  return std::clamp(MiddleInNanoseconds(bucket), static_cast<double>(min_nanoseconds_),
                    static_cast<double>(max_nanoseconds_)) *
         1e-9;
}

double LatencyHistogram::MinInSeconds() const {
  return count_ == 0 ? kNaN : static_cast<double>(min_nanoseconds_) * 1e-9;
}

double LatencyHistogram::MeanInSeconds() const {
  return count_ == 0 ? kNaN : sum_nanoseconds_ / static_cast<double>(count_) * 1e-9;
}

double LatencyHistogram::MaxInSeconds() const {
  return count_ == 0 ? kNaN : static_cast<double>(max_nanoseconds_) * 1e-9;
}

}  // namespace verdict
