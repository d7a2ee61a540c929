#include "server/tracing/span_ids.h"

#include <random>

namespace verdict {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): each number has one image, so what differs stays different.
uint64_t Mix(uint64_t number) {
  number *= 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

// The one image of 0 is no id.
uint64_t NoZero(uint64_t id) { return id == 0 ? 1 : id; }

}  // namespace

TraceId SpanIds::RandomSeed() {
  std::random_device random;
  const auto word = [&random] { return uint64_t{random()} << 32 | random(); };
  const uint64_t high = word();
  return {high, word()};
}

TraceId SpanIds::NewTrace() {
  const uint64_t count = ++count_;
  return {Mix(seed_.high + count), NoZero(Mix(seed_.low + count))};
}

SpanId SpanIds::NewSpan() { return NoZero(Mix(seed_.low + ++count_)); }

}  // namespace verdict
