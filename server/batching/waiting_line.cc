#include "server/batching/waiting_line.h"

#include <utility>

#include "engine/threads/thread_name.h"

namespace verdict {

WaitingLine::WaitingLine() : thread_([this] { Serve(); }) {}

WaitingLine::~WaitingLine() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void WaitingLine::Wait(size_t caller, Turn turn) {
  absl::MutexLock lock(&mutex_);
  if (lines_[caller].empty()) room_made_ = true;
  lines_[caller].push_back(std::move(turn));
  ++waiting_of_[caller];
  ++waiting_;
}

void WaitingLine::RoomMade() {
  if (waiting_ == 0) return;
  absl::MutexLock lock(&mutex_);
  room_made_ = true;
}

// One of each caller at a time, so that room is shared.
void WaitingLine::Serve() {
  NameThisThread("streams");
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WaitingLine::HasTurn));
      if (stopping_) return;
      room_made_ = false;
    }
    for (size_t caller = 0; caller < kMostCallers; ++caller) {
      if (waiting_of_[caller] > 0 && Try(caller)) RoomMade();  // perhaps there is more of it
    }
  }
}

bool WaitingLine::Try(size_t caller) {
  const Turn* first = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    first = &lines_[caller].front();  // stays where it is: only this thread takes anything out
  }
  if (!(*first)()) return false;
  Turn done;
  absl::MutexLock lock(&mutex_);
  done = std::move(lines_[caller].front());
  lines_[caller].pop_front();
  --waiting_of_[caller];
  --waiting_;
  return true;
}

}  // namespace verdict
