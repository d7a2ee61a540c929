#include "server/tracing/call_journal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "latency/steady_clock.h"
#include "server/log/log.h"

namespace verdict {
namespace {

using Json = nlohmann::ordered_json;

int64_t Nanoseconds(absl::Time steady) {
  return absl::ToInt64Nanoseconds(steady - absl::UnixEpoch());
}

Json ToJson(const CallRecord& record) {
  Json json = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromChrono(WallTime(record.arrival)),
                                absl::UTCTimeZone())}};
  for (const LogField& field : FieldsOf(record)) {
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, absl::string_view>) {
            json[std::string(field.name)] = std::string(value);
          } else {
            json[std::string(field.name)] = value;
          }
        },
        field.value);
  }
  return json;
}

Json ToJson(const std::vector<CallRecord>& records) {
  Json json = Json::array();
  for (const CallRecord& record : records) json.push_back(ToJson(record));
  return json;
}

}  // namespace

bool CallJournal::Wants(absl::Duration total, absl::Time now) const {
  return IsSlow(total) ||
         absl::ToInt64Nanoseconds(total) > floor_total_.load(std::memory_order_relaxed) ||
         Nanoseconds(now) >= floor_until_.load(std::memory_order_relaxed);
}

bool CallJournal::WantsFailure(absl::StatusCode code, absl::Time now) {
  const int64_t period = kFailurePeriod / absl::Nanoseconds(1);
  std::atomic<int64_t>& burst_again = burst_again_[CodeIndex(code)];
  const int64_t now_ns = Nanoseconds(now);
  int64_t seen = burst_again.load(std::memory_order_relaxed);
  do {
    if (seen - now_ns > (kFailureBurst - 1) * period) return false;
  } while (!burst_again.compare_exchange_weak(seen, std::max(seen, now_ns) + period,
                                              std::memory_order_relaxed));
  return true;
}

void CallJournal::Tell(CallRecord record, absl::Time now) {
  if (record.failed()) {
    LogCallers(LogLevel::kWarning, "a call failed", FieldsOf(record));
  } else if (!record.is_whole_stream && IsSlow(record.total)) {
    LogCallers(LogLevel::kWarning, "a call was slow", FieldsOf(record));
  }
  absl::MutexLock lock(&mutex_);
  recent_.Add(std::move(record), now);
  floor_total_ = absl::ToInt64Nanoseconds(recent_.floor().total);
  floor_until_ = Nanoseconds(recent_.floor().until);
}

std::string CallJournal::Json(absl::Time now) const {
  std::vector<CallRecord> slowest;
  std::vector<CallRecord> failed;
  {
    absl::MutexLock lock(&mutex_);
    slowest = recent_.Slowest(now);
    failed = recent_.LastFailed();
  }
  const nlohmann::ordered_json json = {{"slowest", ToJson(slowest)}, {"failed", ToJson(failed)}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace verdict
