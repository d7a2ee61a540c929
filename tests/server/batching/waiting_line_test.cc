#include "server/batching/waiting_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace verdict {
namespace {

using ::testing::ElementsAre;

// Room that is taken one by one, as by streams.
class Room {
 public:
  void Make(int amount) {
    room_ += amount;
    line_.RoomMade();
  }

  bool Take() {
    ++tries_;
    int room = room_;
    while (room > 0 && !room_.compare_exchange_weak(room, room - 1)) {
    }
    return room > 0;
  }

  // Each has its number, which is told when it had its turn.
  void Wait(int number, size_t caller = 0) {
    line_.Wait(caller, [this, number] {
      if (!Take()) return false;
      served_.push_back(number);
      ++count_;
      return true;
    });
  }

  void AwaitServed(int count) const {
    while (count_ < count) std::this_thread::yield();
  }

  std::atomic<int> room_ = 0;
  std::atomic<int> tries_ = 0;
  std::atomic<int> count_ = 0;
  std::vector<int> served_;
  WaitingLine line_;
};

TEST(WaitingLineTest, TurnsComeInTheOrderOfTheLine) {
  Room room;
  for (int i = 0; i < 5; ++i) room.Wait(i);
  room.Make(3);
  room.AwaitServed(3);
  EXPECT_FALSE(room.line_.empty());
  room.Make(2);
  room.AwaitServed(5);
  EXPECT_THAT(room.served_, ElementsAre(0, 1, 2, 3, 4));
  while (!room.line_.empty()) std::this_thread::yield();
}

TEST(WaitingLineTest, RoomThatWasMadeBeforeTheWaitIsFound) {
  Room room;
  room.Make(1);
  room.Wait(0);
  room.AwaitServed(1);
}

// A line that waits costs nothing: its first is tried when it comes, and when room is made.
TEST(WaitingLineTest, NobodyIsTriedWhileNoRoomIsMade) {
  Room room;
  for (int i = 0; i < 100; ++i) room.Wait(i);
  while (room.tries_ == 0) std::this_thread::yield();
  for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
  EXPECT_EQ(room.tries_, 1);
  room.Make(100);
  room.AwaitServed(100);
  EXPECT_LE(room.tries_, 102);
}

TEST(WaitingLineTest, NobodyIsForgottenWhoeverMakesRoomWhenever) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  Room room;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&room] {
      for (int i = 0; i < kEach; ++i) {
        if (!room.Take()) room.Wait(i);
        room.Make(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (!room.line_.empty()) std::this_thread::yield();
  EXPECT_EQ(room.room_, 0) << "as much was taken as was made";
}

TEST(WaitingLineTest, ItMayBeDestroyedWhileSomebodyWaits) {
  Room room;
  for (int i = 0; i < 10; ++i) room.Wait(i);
}

// Each caller has a line of its own: one that has no room does not keep others from theirs.
TEST(WaitingLineTest, ACallerWithoutRoomHoldsUpNobodyElse) {
  Room room;
  std::atomic<bool> has_room = false;
  std::atomic<bool> done = false;
  room.line_.Wait(1, [&] {
    done = has_room.load();
    return has_room.load();
  });
  for (int i = 0; i < 3; ++i) room.Wait(i, /*caller=*/2);
  room.Make(3);
  room.AwaitServed(3);
  EXPECT_FALSE(room.line_.empty(1));
  EXPECT_FALSE(done);
  has_room = true;
  room.line_.RoomMade();
  while (!room.line_.empty()) std::this_thread::yield();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace verdict
