#include "server/transport/unfinished_requests.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/contract/refusal.h"

namespace verdict {
namespace {

constexpr absl::Duration kLookEvery = absl::Milliseconds(20);
constexpr absl::Duration kRetryDelay = absl::Seconds(1);

}  // namespace

UnfinishedRequests::UnfinishedRequests(size_t most_slow)
    : most_slow_(most_slow), thread_([this] { Watch(); }) {}

UnfinishedRequests::~UnfinishedRequests() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  stopped_.Notify();
  thread_.join();
}

UnfinishedRequests::Place UnfinishedRequests::Await(
    std::function<void(const absl::Status&)> give_up) {
  std::list<Request> request;
  request.push_back({.began = SteadyNow(), .give_up = std::move(give_up)});
  const Place place = request.begin();
  absl::MutexLock lock(&mutex_);
  awaited_.splice(awaited_.end(), request);
  return place;
}

bool UnfinishedRequests::Came(Place place) {
  std::list<Request> request;  // freed without the lock
  absl::MutexLock lock(&mutex_);
  const bool given_up = place->given_up;
  request.splice(request.end(), given_up ? given_up_ : awaited_, place);
  return !given_up;
}

void UnfinishedRequests::Watch() {
  NameThisThread("requests");
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &UnfinishedRequests::MayBeTooMany));
    }
    if (stopped_.WaitFor(kLookEvery)) return;
    for (const auto& give_up : TooMany()) give_up(TooSlow());
  }
}

std::list<std::function<void(const absl::Status&)>> UnfinishedRequests::TooMany() {
  std::list<std::function<void(const absl::Status&)>> too_many;
  absl::MutexLock lock(&mutex_);
  const absl::Time slow = SteadyNow() - kPatience;
  size_t count = 0;
  for (const Request& request : awaited_) {
    if (request.began > slow) break;
    ++count;
  }
  for (; count > most_slow_; --count) {
    Request& oldest = awaited_.front();
    oldest.given_up = true;
    too_many.push_back(std::move(oldest.give_up));
    given_up_.splice(given_up_.end(), awaited_, awaited_.begin());
  }
  return too_many;
}

absl::Status UnfinishedRequests::TooSlow() const {
  return Refused(
      absl::StatusCode::kResourceExhausted,
      {.reason = ShedReason::kInFlight, .retry_delay = kRetryDelay},
      absl::StrCat("the request had not come whole after ", absl::ToInt64Milliseconds(kPatience),
                   " ms, nor had more than ", most_slow_,
                   " others, which is all that --max-bytes-in-flight has room for: send less at a "
                   "time, or try again later"));
}

}  // namespace verdict
