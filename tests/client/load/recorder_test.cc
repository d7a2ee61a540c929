#include "client/load/recorder.h"

#include <algorithm>
#include <numeric>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/client/load/tally.h"

namespace verdict {
namespace {

using absl::Milliseconds;
using absl::Seconds;
using absl::StatusCode;

const LatencyHistogram& LatencyOf(const MethodTally& tally, StatusCode code) {
  return *tally.latency[static_cast<size_t>(code)];
}

class LoadRecorderTest : public ::testing::Test {
 protected:
  // A call from its start to its end.
  void Call(const LoadOutcome& outcome) {
    recorder_.Started(outcome.method, outcome.stage, outcome.intended);
    recorder_.Ended(outcome);
  }

  LoadRecorder recorder_{{Seconds(10), Seconds(20)}};
};

TEST_F(LoadRecorderTest, EveryCallIsCountedOnceByMethodAndCode) {
  for (int i = 0; i < 600; ++i) {
    Call({.method = static_cast<LoadMethod>(i % kLoadMethods),
          .code = static_cast<StatusCode>(i % 5),
          .stage = static_cast<size_t>(i % 2),
          .intended = Milliseconds(i),
          .ended = Milliseconds(i + 1)});
  }
  const LoadTally total = recorder_.Total();
  uint64_t of_methods = 0;
  for (const MethodTally& method : total.methods) {
    EXPECT_EQ(method.started, 100);
    EXPECT_EQ(method.finished(), 100);
    of_methods += method.finished();
  }
  EXPECT_EQ(of_methods, 600);
  const MethodTally calls = total.Calls();
  EXPECT_EQ(calls.started, 500) << "messages are no calls";
  EXPECT_EQ(calls.finished(), 500);
  EXPECT_EQ(total.Requests().started, 500) << "streams are not asked for";
  EXPECT_EQ(recorder_.stage(0).Calls().finished() + recorder_.stage(1).Calls().finished(), 500);
}

TEST_F(LoadRecorderTest, StreamsAreCountedButNotTimed) {
  Call({.method = LoadMethod::kClassifyStream, .ended = Seconds(9)});
  Call({.method = LoadMethod::kClassify, .ended = Milliseconds(2)});
  const MethodTally calls = recorder_.Total().Calls();
  EXPECT_EQ(Codes(calls, StatusCode::kOk), 2);
  EXPECT_EQ(LatencyOf(calls, StatusCode::kOk).count(), 1);
}

// Calls were meant to start every 10 ms, and the server did not answer for one second. A generator
// that waits for answers would have seen one slow call of a thousand.
TEST_F(LoadRecorderTest, AStalledServerShowsInThePercentilesAlthoughFewCallsWereInFlight) {
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration intended = Milliseconds(10 * i);
    const bool stalled = intended >= Seconds(5) && intended < Seconds(6);
    const absl::Duration answered = (stalled ? Seconds(6) : intended) + Milliseconds(1);
    Call({.intended = intended, .ended = answered});
  }
  const MethodTally calls = recorder_.Total().Calls();
  const LatencyHistogram& latency = LatencyOf(calls, StatusCode::kOk);
  EXPECT_NEAR(latency.QuantileInSeconds(0.99), 0.9, 0.02);
  EXPECT_NEAR(latency.QuantileInSeconds(0.95), 0.5, 0.02);
  EXPECT_NEAR(latency.QuantileInSeconds(0.5), 0.001, 0.0001);
  EXPECT_NEAR(latency.MaxInSeconds(), 1.001, 1e-9);
}

TEST_F(LoadRecorderTest, GoodputCountsTextsWithinTheirDeadlineWhenTheyAreAnswered) {
  const auto batch = [&](absl::Duration intended, absl::Duration ended) {
    Call({.method = LoadMethod::kClassifyBatch,
          .stage = intended < Seconds(10) ? 0U : 1U,
          .intended = intended,
          .ended = ended,
          .timeout = Seconds(1),
          .texts_ok = 3});
  };
  batch(Seconds(1), Seconds(2));                    // just in time
  batch(Seconds(1), Seconds(2) + Milliseconds(1));  // too late
  batch(Milliseconds(9500), Seconds(10));           // in time, in the next stage
  batch(Milliseconds(19500), Seconds(20));          // in time, but the load is over
  EXPECT_EQ(recorder_.stage(0).good_texts, 3);
  EXPECT_EQ(recorder_.stage(1).good_texts, 3);
  EXPECT_EQ(recorder_.stage(0).texts_ok, 9);
  EXPECT_EQ(recorder_.stage(1).texts_ok, 3);
  EXPECT_EQ(recorder_.Total().ok_after_deadline, 1);
  EXPECT_EQ(recorder_.seconds()[2].good_texts, 3);
  EXPECT_EQ(recorder_.seconds()[10].good_texts, 3);
}

TEST_F(LoadRecorderTest, ASecondHasTheCallsThatWereMeantToStartInIt) {
  Call({.intended = Milliseconds(999), .ended = Seconds(3)});
  Call({.code = StatusCode::kUnavailable, .intended = Seconds(1), .ended = Seconds(1)});
  Call({.intended = Milliseconds(1999), .ended = Milliseconds(2009)});
  ASSERT_GE(recorder_.seconds().size(), 2);
  EXPECT_EQ(recorder_.seconds()[0].started, 1);
  EXPECT_EQ(recorder_.seconds()[0].ok, 1);
  EXPECT_EQ(recorder_.seconds()[1].started, 2);
  EXPECT_EQ(recorder_.seconds()[1].ok, 1);
  EXPECT_EQ(recorder_.seconds()[1].failed, 1);
  EXPECT_NEAR(recorder_.seconds()[1].latency.MaxInSeconds(), 0.010, 1e-9);
}

TEST_F(LoadRecorderTest, ACodeThatNobodyKnowsIsUnknown) {
  Call({.code = static_cast<StatusCode>(99)});
  Call({.code = static_cast<StatusCode>(-1)});
  EXPECT_EQ(Codes(recorder_.Total().Calls(), StatusCode::kUnknown), 2);
}

TEST_F(LoadRecorderTest, WhatIsCutShortLastsUntilItsLastAnswer) {
  recorder_.CutShort(Seconds(12));
  EXPECT_EQ(recorder_.StageDuration(0), Seconds(10));
  EXPECT_EQ(recorder_.StageDuration(1), Seconds(2));
  EXPECT_EQ(recorder_.TotalDuration(), Seconds(12));
}

}  // namespace
}  // namespace verdict
