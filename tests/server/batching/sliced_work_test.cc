#include "server/batching/sliced_work.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/synchronization/notification.h"

namespace verdict {
namespace {

TEST(SlicedWorkTest, ALongOneLetsOthersTakeTheirTurns) {
  std::string order;  // of the one thread
  absl::Notification all_are_here;
  absl::Notification done;
  SlicedWork work(1);
  int slices = 0;
  work.Add([&] {
    if (slices++ == 0) all_are_here.WaitForNotification();
    order += 'L';
    return slices < 3;
  });
  work.Add([&] {
    order += 's';
    return false;
  });
  work.Add([&] {
    order += 't';
    return false;
  });
  // Behind the second slice of the long one, and its third.
  all_are_here.Notify();
  int waits = 0;
  work.Add([&] {
    if (++waits < 4) return true;
    done.Notify();
    return false;
  });
  done.WaitForNotification();
  EXPECT_EQ(order, "LstLL");
}

}  // namespace
}  // namespace verdict
