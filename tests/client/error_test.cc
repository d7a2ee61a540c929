#include "client/error.h"

#include <gtest/gtest.h>

namespace verdict {
namespace {

v1::Error QueueFull() {
  v1::Error error;
  error.set_code(8);
  error.set_message("the queue is full");
  error.set_reason(v1::QUEUE_FULL);
  error.mutable_retry_delay()->set_nanos(250'000'000);
  return error;
}

TEST(ErrorTest, AStatusKeepsAllThatATextsErrorSays) {
  const absl::Status status = ToAbslStatus(QueueFull(), "full");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  const v1::Error error = ToError(status);
  EXPECT_EQ(error.code(), 8);
  EXPECT_EQ(error.message(), "full");
  EXPECT_EQ(error.reason(), v1::QUEUE_FULL);
  EXPECT_EQ(error.retry_delay().nanos(), 250'000'000);
}

TEST(ErrorTest, AnErrorOfAnOlderServerHasNoDetails) {
  v1::Error error;
  error.set_code(3);
  EXPECT_EQ(ToAbslStatus(error, "bad"), absl::InvalidArgumentError("bad"));
  EXPECT_FALSE(ToError(absl::InvalidArgumentError("bad")).has_retry_delay());
}

TEST(ErrorTest, PeopleReadTheReasonAndWhenToTryAgain) {
  EXPECT_EQ(ErrorText(ToAbslStatus(QueueFull(), "full")),
            "RESOURCE_EXHAUSTED: full (QUEUE_FULL; try again after 250ms)");
  EXPECT_EQ(ErrorText(absl::UnavailableError("gone")), "UNAVAILABLE: gone");
}

}  // namespace
}  // namespace verdict
