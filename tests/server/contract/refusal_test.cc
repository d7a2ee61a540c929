#include "server/contract/refusal.h"

#include <gtest/gtest.h>

namespace verdict {
namespace {

TEST(RefusalTest, AStatusCarriesItsRefusalThroughCopies) {
  for (const ShedReason reason : kAllShedReasons) {
    for (const absl::Duration delay :
         {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Milliseconds(250), absl::Hours(1)}) {
      const absl::Status status = Refused(absl::StatusCode::kResourceExhausted,
                                          {.reason = reason, .retry_delay = delay}, "full");
      const absl::Status copy = status;  // NOLINT(performance-unnecessary-copy-initialization)
      EXPECT_TRUE(absl::IsResourceExhausted(copy));
      EXPECT_EQ(copy.message(), "full");
      const std::optional<Refusal> refusal = RefusalOf(copy);
      ASSERT_TRUE(refusal.has_value());
      EXPECT_EQ(refusal->reason, reason);
      EXPECT_EQ(refusal->retry_delay, delay);
    }
  }
}

TEST(RefusalTest, WithoutADelayThereIsNoOtherTry) {
  const absl::Status status = Refused(absl::StatusCode::kResourceExhausted,
                                      {ShedReason::kDeadline, std::nullopt}, "too long");
  const std::optional<Refusal> refusal = RefusalOf(status);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason, ShedReason::kDeadline);
  EXPECT_FALSE(refusal->retry_delay.has_value());
}

TEST(RefusalTest, OtherStatusesCarryNoRefusal) {
  EXPECT_FALSE(RefusalOf(absl::OkStatus()).has_value());
  EXPECT_FALSE(RefusalOf(absl::ResourceExhaustedError("no")).has_value());
}

}  // namespace
}  // namespace verdict
