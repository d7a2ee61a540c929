#include "server/tracing/recent_calls.h"

#include <algorithm>
#include <map>
#include <utility>

namespace verdict {
namespace {

bool IsSlower(const CallRecord& a, const CallRecord& b) { return a.total > b.total; }

// What a failed record failed with.
absl::StatusCode Failure(const CallRecord& record) {
  return IsServersFailure(record.code) ? record.code : record.text_code;
}

}  // namespace

void RecentCalls::Add(CallRecord record, absl::Time now) {
  if (record.failed()) AddFailed(record);
  if (!record.is_whole_stream) AddSlow(std::move(record), now);
}

void RecentCalls::AddSlow(CallRecord record, absl::Time now) {
  if (now - minutes_[current_].start >= kMinute) {
    current_ = (current_ + 1) % kMinutes;
    minutes_[current_] = {.start = now, .calls = {}};
  }
  Minute& minute = minutes_[current_];
  minute.calls.push_back(std::move(record));
  std::push_heap(minute.calls.begin(), minute.calls.end(), IsSlower);
  if (minute.calls.size() > kMost) {
    std::pop_heap(minute.calls.begin(), minute.calls.end(), IsSlower);
    minute.calls.pop_back();
  }
  const bool full = minute.calls.size() == kMost;
  floor_ = {.total = full ? minute.calls.front().total : -absl::InfiniteDuration(),
            .until = minute.start + kMinute};
}

void RecentCalls::AddFailed(CallRecord record) {
  failed_.push_back(std::move(record));
  if (failed_.size() <= kMost) return;
  std::map<absl::StatusCode, size_t> counts;
  for (const CallRecord& failed : failed_) ++counts[Failure(failed)];
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  failed_.erase(std::find_if(failed_.begin(), failed_.end(), [&](const CallRecord& failed) {
    return Failure(failed) == most->first;
  }));
}

std::vector<CallRecord> RecentCalls::Slowest(absl::Time now) const {
  std::vector<CallRecord> slowest;
  for (const Minute& minute : minutes_) {
    if (now - minute.start >= kMinutes * kMinute) continue;
    slowest.insert(slowest.end(), minute.calls.begin(), minute.calls.end());
  }
  std::sort(slowest.begin(), slowest.end(), IsSlower);
  if (slowest.size() > kMost) slowest.resize(kMost);
  return slowest;
}

std::vector<CallRecord> RecentCalls::LastFailed() const {
  return {failed_.rbegin(), failed_.rend()};
}

}  // namespace verdict
