#include "server/admission.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/refusal.h"

namespace verdict {
namespace {

// Adds `amount` iff that leaves `total` within `most`: unlike adding first and looking afterwards,
// this never refuses one caller for what another one was about to give back.
bool AddWithin(std::atomic<int64_t>& total, int64_t amount, int64_t most) {
  int64_t old = total.load(std::memory_order_relaxed);
  do {
    if (amount > most - old) return false;
  } while (!total.compare_exchange_weak(old, old + amount, std::memory_order_relaxed));
  return true;
}

constexpr absl::Duration kUsualRetryDelay = absl::Seconds(1);

}  // namespace

Admission::Ticket::Ticket(Ticket&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)),
      texts_(other.texts_),
      bytes_(other.bytes_) {}

Admission::Ticket& Admission::Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  GiveBack();
  admission_ = std::exchange(other.admission_, nullptr);
  texts_ = other.texts_;
  bytes_ = other.bytes_;
  return *this;
}

absl::Status Admission::Ticket::Add(int64_t texts, int64_t bytes) {
  absl::Status status = admission_->Take(texts, bytes);
  if (!status.ok()) {
    admission_->CountShed(texts_ + texts);
    return status;
  }
  texts_ += texts;
  bytes_ += bytes;
  return status;
}

void Admission::Ticket::GiveBack() {
  if (admission_ == nullptr) return;
  admission_->metrics_->AddInFlight(-texts_, -bytes_);
  admission_->texts_.fetch_sub(texts_, std::memory_order_relaxed);
  admission_->bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
  admission_->tickets_.fetch_sub(1, std::memory_order_relaxed);
  admission_ = nullptr;
}

Admission::Admission(Limits limits, Metrics* metrics, TimeUntilDone time_until_done)
    : limits_(limits), metrics_(metrics), time_until_done_(std::move(time_until_done)) {
  metrics_->SetInFlightLimits(limits_.max_texts, limits_.max_bytes);
}

absl::StatusOr<Admission::Ticket> Admission::Admit(int64_t texts, int64_t bytes) {
  if (absl::Status status = Take(texts, bytes); !status.ok()) {
    CountShed(texts);
    return status;
  }
  tickets_.fetch_add(1, std::memory_order_relaxed);
  return Ticket(this, texts, bytes);
}

// Room is made when whole tickets are given back: of calls that are answered, as far as they hold
// the mean, in any order. So it takes the time in which so large a part of the work is done.
absl::Status Admission::TooMuch(const Limit& limit, int64_t more, int64_t in_flight) const {
  Refusal refusal = {.reason = ShedReason::kInFlight, .retry_delay = std::nullopt};
  if (more <= limit.most) {
    const auto tickets = static_cast<double>(std::max<int64_t>(1, tickets_.load()));
    const auto missing = static_cast<double>(std::max<int64_t>(1, more + in_flight - limit.most));
    const double mean = static_cast<double>(std::max<int64_t>(1, in_flight)) / tickets;
    const double part = std::min(1.0, std::ceil(missing / mean) / tickets);
    refusal.retry_delay = time_until_done_ ? time_until_done_(part) : kUsualRetryDelay;
  }
  return Refused(absl::StatusCode::kResourceExhausted, refusal,
                 absl::StrCat("too much is in flight: ", more, " more ", limit.unit,
                              " do not fit; ", limit.option, " allows ", limit.most));
}

void Admission::CountShed(int64_t texts) {
  metrics_->CountShed(ShedReason::kInFlight, std::max<int64_t>(1, texts));
}

absl::Status Admission::Take(int64_t texts, int64_t bytes) {
  absl::Status status;
  if (!AddWithin(bytes_, bytes, limits_.max_bytes)) {
    status = TooMuch({"bytes", "--max-bytes-in-flight", limits_.max_bytes}, bytes, bytes_);
  } else if (!AddWithin(texts_, texts, limits_.max_texts)) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);  // held for an instant: too few to matter
    status = TooMuch({"texts", "--max-texts-in-flight", limits_.max_texts}, texts, texts_);
  }
  if (status.ok()) metrics_->AddInFlight(texts, bytes);
  return status;
}

}  // namespace verdict
