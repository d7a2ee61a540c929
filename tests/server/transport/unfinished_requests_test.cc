#include "server/transport/unfinished_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "server/contract/refusal.h"

namespace verdict {
namespace {

void NeverGivenUp(const absl::Status& status) { ADD_FAILURE() << status; }

TEST(UnfinishedRequestsTest, OfTooManySlowRequestsTheOldestEnd) {
  UnfinishedRequests requests(2);
  absl::Notification given_up;
  absl::Status status;
  const auto first = requests.Await([&](const absl::Status& why) {
    status = why;
    given_up.Notify();
  });
  const auto second = requests.Await(NeverGivenUp);
  const auto third = requests.Await(NeverGivenUp);
  given_up.WaitForNotification();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("--max-bytes-in-flight"));
  ASSERT_TRUE(RefusalOf(status).has_value());
  EXPECT_TRUE(RefusalOf(status)->retry_delay.has_value());
  EXPECT_FALSE(requests.Came(first));
  EXPECT_TRUE(requests.Came(second));
  EXPECT_TRUE(requests.Came(third));
}

TEST(UnfinishedRequestsTest, AFinishedRequestIsNotCounted) {
  UnfinishedRequests requests(1);
  const auto slow = requests.Await(NeverGivenUp);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(requests.Came(requests.Await(NeverGivenUp)));
  EXPECT_TRUE(requests.Came(slow));
}

}  // namespace
}  // namespace verdict
