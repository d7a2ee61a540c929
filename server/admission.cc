#include "server/admission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

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

absl::Status TooMuch(const char* unit, const char* option, int64_t more, int64_t most) {
  return absl::ResourceExhaustedError(absl::StrCat("too much is in flight: ", more, " more ", unit,
                                                   " do not fit; ", option, " allows ", most));
}

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
  admission_ = nullptr;
}

Admission::Admission(Limits limits, Metrics* metrics) : limits_(limits), metrics_(metrics) {
  metrics_->SetInFlightLimits(limits_.max_texts, limits_.max_bytes);
}

absl::StatusOr<Admission::Ticket> Admission::Admit(int64_t texts, int64_t bytes) {
  if (absl::Status status = Take(texts, bytes); !status.ok()) {
    CountShed(texts);
    return status;
  }
  return Ticket(this, texts, bytes);
}

void Admission::CountShed(int64_t texts) {
  metrics_->CountShed(ShedReason::kInFlight, std::max<int64_t>(1, texts));
}

absl::Status Admission::Take(int64_t texts, int64_t bytes) {
  absl::Status status;
  if (!AddWithin(bytes_, bytes, limits_.max_bytes)) {
    status = TooMuch("bytes", "--max-bytes-in-flight", bytes, limits_.max_bytes);
  } else if (!AddWithin(texts_, texts, limits_.max_texts)) {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);  // held for an instant: too few to matter
    status = TooMuch("texts", "--max-texts-in-flight", texts, limits_.max_texts);
  }
  if (status.ok()) metrics_->AddInFlight(texts, bytes);
  return status;
}

}  // namespace verdict
