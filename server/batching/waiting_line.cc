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

void WaitingLine::Wait(Turn turn) {
  absl::MutexLock lock(&mutex_);
  if (line_.empty()) room_made_ = true;
  line_.push_back(std::move(turn));
  ++waiting_;
}

void WaitingLine::RoomMade() {
  if (waiting_ == 0) return;
  absl::MutexLock lock(&mutex_);
  room_made_ = true;
}

void WaitingLine::Serve() {
  NameThisThread("streams");
  while (true) {
    const Turn* first = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WaitingLine::HasTurn));
      if (stopping_) return;
      room_made_ = false;
      first = &line_.front();  // stays where it is: only this thread takes anything out
    }
    if (!(*first)()) continue;
    Turn done;
    absl::MutexLock lock(&mutex_);
    done = std::move(line_.front());
    line_.pop_front();
    --waiting_;
    room_made_ = true;  // perhaps there is more of it
  }
}

}  // namespace verdict
