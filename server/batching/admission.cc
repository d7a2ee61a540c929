#include "server/batching/admission.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/refusal.h"

namespace verdict {
namespace {

// Adds `amount` iff that leaves `total` within `most`: unlike adding first and looking afterwards,
// this never refuses one caller for what another one was about to give back.
bool AddWithin(std::atomic<int64_t>& total, int64_t amount, int64_t most) {
  int64_t old = total.load();
  do {
    if (amount > most - old) return false;
  } while (!total.compare_exchange_weak(old, old + amount));
  return true;
}

// The caller, if it may not have all the room there is; else null, as there is nothing to count.
const NamedCaller* OneOfSeveral(const NamedCaller& caller) {
  return caller.part() == 1 ? nullptr : &caller;
}

// The most of `most` that one of several callers may have.
int64_t RoomOf(const NamedCaller& caller, int64_t most) {
  return static_cast<int64_t>(std::max(caller.part(), 0.5) * static_cast<double>(most));
}

int64_t ShareOfStreams(int64_t most) { return most - most / 4; }

constexpr absl::Duration kUsualRetryDelay = absl::Seconds(1);

}  // namespace

Admission::Ticket::Ticket(Ticket&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)),
      caller_(other.caller_),
      texts_(other.texts_),
      bytes_(other.bytes_),
      of_stream_(other.of_stream_) {}

Admission::Ticket& Admission::Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  GiveBack();
  admission_ = std::exchange(other.admission_, nullptr);
  caller_ = other.caller_;
  texts_ = other.texts_;
  bytes_ = other.bytes_;
  of_stream_ = other.of_stream_;
  return *this;
}

absl::Status Admission::Ticket::Add(int64_t texts, int64_t bytes) {
  absl::Status status = admission_->Take(texts, bytes, caller_);
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
  admission_->texts_.fetch_sub(texts_);
  admission_->bytes_.fetch_sub(bytes_);
  admission_->tickets_.fetch_sub(1);
  admission_->GiveBackOfCaller(texts_, bytes_, caller_);
  if (of_stream_) {
    admission_->stream_texts_.fetch_sub(texts_);
    admission_->stream_bytes_.fetch_sub(bytes_);
  }
  if (admission_->line_ != nullptr) admission_->line_->RoomMade();
  admission_ = nullptr;
}

Admission::Admission(Limits limits, Metrics* metrics, TimeUntilDone time_until_done,
                     WaitingLine* line)
    : limits_(limits),
      metrics_(metrics),
      time_until_done_(std::move(time_until_done)),
      line_(line) {
  metrics_->SetInFlightLimits(limits_.max_texts, limits_.max_bytes);
}

absl::StatusOr<Admission::Ticket> Admission::Admit(int64_t texts, int64_t bytes,
                                                   const NamedCaller& caller) {
  const NamedCaller* const one = OneOfSeveral(caller);
  if (absl::Status status = Take(texts, bytes, one); !status.ok()) {
    CountShed(texts);
    return status;
  }
  tickets_.fetch_add(1);
  return Ticket(this, one, texts, bytes, /*of_stream=*/false);
}

std::optional<Admission::Ticket> Admission::AdmitOfStream(int64_t bytes,
                                                          const NamedCaller& caller) {
  const NamedCaller* const one = OneOfSeveral(caller);
  bool taken = TakeOfStream(bytes, one);
  if (!taken && line_ != nullptr) {
    // Whoever gives room back after this says so, and what was given back before is found.
    streams_wait_ = true;
    taken = TakeOfStream(bytes, one);
  }
  if (!taken) return std::nullopt;
  if (streams_wait_) streams_wait_ = false;
  tickets_.fetch_add(1);
  metrics_->AddInFlight(1, bytes);
  return Ticket(this, one, 1, bytes, /*of_stream=*/true);
}

bool Admission::TakeOfStream(int64_t bytes, const NamedCaller* caller) {
  if (!TakeOfCaller(1, bytes, caller)) return false;
  if (TakeOfStreams(bytes)) return true;
  GiveBackOfCaller(1, bytes, caller);
  return false;
}

// What is larger than a caller's room has it for itself.
bool Admission::TakeOfCaller(int64_t texts, int64_t bytes, const NamedCaller* caller) {
  if (caller == nullptr) return true;
  InFlight& in_flight = of_callers_[caller->index()];
  const int64_t most_bytes = std::max(RoomOf(*caller, limits_.max_bytes), bytes);
  if (!AddWithin(in_flight.bytes, bytes, most_bytes)) return false;
  const int64_t most_texts = std::max(RoomOf(*caller, limits_.max_texts), texts);
  if (AddWithin(in_flight.texts, texts, most_texts)) return true;
  in_flight.bytes.fetch_sub(bytes);
  return false;
}

void Admission::GiveBackOfCaller(int64_t texts, int64_t bytes, const NamedCaller* caller) {
  if (caller == nullptr) return;
  InFlight& in_flight = of_callers_[caller->index()];
  in_flight.texts.fetch_sub(texts);
  in_flight.bytes.fetch_sub(bytes);
}

// What is larger than the share of streams has it for itself.
bool Admission::TakeOfStreams(int64_t bytes) {
  const int64_t most_bytes = std::max(ShareOfStreams(limits_.max_bytes), bytes);
  if (!AddWithin(stream_bytes_, bytes, most_bytes)) return false;
  if (AddWithin(stream_texts_, 1, ShareOfStreams(limits_.max_texts))) {
    if (AddWithin(bytes_, bytes, limits_.max_bytes)) {
      if (AddWithin(texts_, 1, limits_.max_texts)) return true;
      bytes_.fetch_sub(bytes);
    }
    stream_texts_.fetch_sub(1);
  }
  stream_bytes_.fetch_sub(bytes);
  return false;
}

absl::Status Admission::CheckSize(int64_t bytes) const {
  if (bytes <= limits_.max_bytes) return absl::OkStatus();
  return TooMuch({"bytes", "--max-bytes-in-flight", limits_.max_bytes}, bytes, bytes_);
}

int64_t Admission::KeptForStreams(int64_t most, int64_t taken) const {
  if (!streams_wait_ || line_->empty()) return 0;
  return std::max<int64_t>(0, most - ShareOfStreams(most) - taken);
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
                              " do not fit; ", limit.option, " allows ", limit.most,
                              ": send less at a time, or try again later"));
}

void Admission::CountShed(int64_t texts) {
  metrics_->CountShed(ShedReason::kInFlight, std::max<int64_t>(1, texts));
}

absl::Status Admission::Take(int64_t texts, int64_t bytes, const NamedCaller* caller) {
  if (!TakeOfCaller(texts, bytes, caller)) {
    const InFlight& in_flight = of_callers_[caller->index()];
    const int64_t most_texts = RoomOf(*caller, limits_.max_texts);
    if (in_flight.texts + texts > most_texts) {
      return TooMuch({"texts", "--max-texts-in-flight", most_texts}, texts, in_flight.texts);
    }
    return TooMuch({"bytes", "--max-bytes-in-flight", RoomOf(*caller, limits_.max_bytes)}, bytes,
                   in_flight.bytes);
  }
  absl::Status status = TakeOfAll(texts, bytes);
  if (!status.ok()) GiveBackOfCaller(texts, bytes, caller);
  return status;
}

absl::Status Admission::TakeOfAll(int64_t texts, int64_t bytes) {
  absl::Status status;
  const int64_t most_bytes = limits_.max_bytes - KeptForStreams(limits_.max_bytes, stream_bytes_);
  const int64_t most_texts = limits_.max_texts - KeptForStreams(limits_.max_texts, stream_texts_);
  if (!AddWithin(bytes_, bytes, most_bytes)) {
    status = TooMuch({"bytes", "--max-bytes-in-flight", limits_.max_bytes}, bytes, bytes_);
  } else if (!AddWithin(texts_, texts, most_texts)) {
    bytes_.fetch_sub(bytes);  // held for an instant: too few to matter
    status = TooMuch({"texts", "--max-texts-in-flight", limits_.max_texts}, texts, texts_);
  }
  if (status.ok()) metrics_->AddInFlight(texts, bytes);
  return status;
}

}  // namespace verdict
