#include "client/load/display.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

TEST(LoadDisplayTest, ShowsTheSecondWhoseCallsHaveMostlyEnded) {
  LoadRecorder recorder({absl::Seconds(10)});
  EXPECT_EQ(LoadLine(recorder, absl::ZeroDuration(), 0), "0 s  0 in flight");
  for (int i = 0; i < 3; ++i) {
    recorder.Started(LoadMethod::kClassify, 0, absl::Milliseconds(i));
    recorder.Ended({.code = i == 2 ? absl::StatusCode::kUnavailable : absl::StatusCode::kOk,
                    .intended = absl::Milliseconds(i),
                    .ended = absl::Milliseconds(i + 4),
                    .texts_ok = 1});
  }
  EXPECT_EQ(LoadLine(recorder, absl::Seconds(2), 7),
            "2 s  7 in flight  offered 3/s  goodput 2/s  p50 4.0 ms  p99 4.0 ms  OK 2  "
            "UNAVAILABLE 1");
}

}  // namespace
}  // namespace verdict
