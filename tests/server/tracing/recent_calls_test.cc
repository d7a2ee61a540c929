#include "server/tracing/recent_calls.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kMost = static_cast<int>(RecentCalls::kMost);

class RecentCallsTest : public ::testing::Test {
 protected:
  void Add(int milliseconds, absl::StatusCode code = absl::StatusCode::kOk) {
    CallRecord record;
    record.code = code;
    record.total = absl::Milliseconds(milliseconds);
    calls_.Add(record, now_);
  }

  static std::vector<int64_t> Milliseconds(const std::vector<CallRecord>& records) {
    std::vector<int64_t> all;
    for (const CallRecord& record : records) all.push_back(absl::ToInt64Milliseconds(record.total));
    return all;
  }

  std::vector<int64_t> Slowest() const { return Milliseconds(calls_.Slowest(now_)); }
  std::vector<int64_t> Failed() const { return Milliseconds(calls_.LastFailed()); }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  RecentCalls calls_;
};

TEST_F(RecentCallsTest, TheSlowestComeFirst) {
  for (const int milliseconds : {3, 1, 2}) Add(milliseconds);
  EXPECT_THAT(Slowest(), ElementsAre(3, 2, 1));
  EXPECT_THAT(Failed(), IsEmpty());
}

TEST_F(RecentCallsTest, NoMoreThanTheSlowestAreKept) {
  for (int i = 1; i <= 3 * kMost; ++i) Add(i);
  EXPECT_THAT(Slowest(), SizeIs(kMost));
  EXPECT_EQ(Slowest().front(), 3 * kMost);
  EXPECT_EQ(Slowest().back(), 2 * kMost + 1);
}

TEST_F(RecentCallsTest, TheFloorIsWhatTheNextHasToExceed) {
  EXPECT_LE(calls_.floor().until, now_);  // the first one is wanted
  for (int i = 1; i < kMost; ++i) Add(10 + i);
  EXPECT_LT(calls_.floor().total, absl::ZeroDuration());  // there is room for any
  Add(10);
  EXPECT_EQ(calls_.floor().total, absl::Milliseconds(10));
  EXPECT_EQ(calls_.floor().until, now_ + RecentCalls::kMinute);
}

TEST_F(RecentCallsTest, SlowCallsAreForgottenAfterFiveMinutes) {
  Add(100);
  for (int i = 1; i <= 4; ++i) {
    now_ += absl::Minutes(1);
    Add(i);
  }
  EXPECT_THAT(Slowest(), ElementsAre(100, 4, 3, 2, 1));
  now_ += absl::Minutes(1);
  EXPECT_THAT(Slowest(), ElementsAre(4, 3, 2, 1));
  Add(5);
  EXPECT_THAT(Slowest(), ElementsAre(5, 4, 3, 2, 1));
  now_ += absl::Hours(1);
  EXPECT_THAT(Slowest(), IsEmpty());
}

TEST_F(RecentCallsTest, AFloodOfFastCallsHidesNoSlowOneOfAnEarlierMinute) {
  Add(1000);
  now_ += absl::Minutes(1);
  for (int i = 0; i < 10 * kMost; ++i) Add(1);
  EXPECT_EQ(Slowest().front(), 1000);
}

TEST_F(RecentCallsTest, TheLastToFailComesFirst) {
  Add(1, absl::StatusCode::kInternal);
  Add(2, absl::StatusCode::kOk);
  Add(3, absl::StatusCode::kDeadlineExceeded);
  Add(4, absl::StatusCode::kInvalidArgument);  // its caller's fault
  EXPECT_THAT(Failed(), ElementsAre(3, 1));
  now_ += absl::Hours(1);
  EXPECT_THAT(Failed(), ElementsAre(3, 1));
}

TEST_F(RecentCallsTest, AFloodOfOneCodeHidesNoOther) {
  Add(1, absl::StatusCode::kInternal);
  for (int i = 0; i < 10 * kMost; ++i) Add(100 + i, absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Failed(), SizeIs(kMost));
  EXPECT_EQ(Failed().front(), 100 + 10 * kMost - 1);
  EXPECT_EQ(Failed().back(), 1);
}

TEST_F(RecentCallsTest, AWholeStreamIsNeverSlow) {
  CallRecord record;
  record.is_whole_stream = true;
  record.total = absl::Minutes(10);
  record.code = absl::StatusCode::kInternal;
  calls_.Add(record, now_);
  EXPECT_THAT(Slowest(), IsEmpty());
  EXPECT_THAT(Failed(), SizeIs(1));
}

}  // namespace
}  // namespace verdict
