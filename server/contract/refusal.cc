#include "server/contract/refusal.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace verdict {
namespace {

// The payload is "<reason>,<nanoseconds>", without the nanoseconds where there is no other try.
constexpr char kPayload[] = "verdict/Refusal";

}  // namespace

absl::Status Refused(absl::StatusCode code, const Refusal& refusal, absl::string_view message) {
  absl::Status status(code, message);
  std::string payload = absl::StrCat(static_cast<int>(refusal.reason), ",");
  if (refusal.retry_delay.has_value()) {
    absl::StrAppend(&payload, absl::ToInt64Nanoseconds(*refusal.retry_delay));
  }
  status.SetPayload(kPayload, absl::Cord(std::move(payload)));
  return status;
}

std::optional<Refusal> RefusalOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) return std::nullopt;
  const std::string text(*payload);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(',', 1));
  int reason = 0;
  int64_t nanoseconds = 0;
  if (!absl::SimpleAtoi(parts.first, &reason)) return std::nullopt;
  Refusal refusal = {.reason = static_cast<ShedReason>(reason), .retry_delay = std::nullopt};
  if (absl::SimpleAtoi(parts.second, &nanoseconds)) {
    refusal.retry_delay = absl::Nanoseconds(nanoseconds);
  }
  return refusal;
}

}  // namespace verdict
