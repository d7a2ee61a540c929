#include "server/api/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/time/time.h"

namespace verdict {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class HistoryTest : public ::testing::Test {
 protected:
  // Texts that are answered, in the two seconds before the next sample.
  void Answer(int texts) {
    for (int i = 0; i < texts; ++i) metrics_.ObserveStage(Stage::kTotal, absl::Milliseconds(8));
    now_ += History::kEvery;
    history_.Sample(now_);
  }

  nlohmann::json Json() const { return nlohmann::json::parse(history_.Json()); }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  Metrics metrics_{ServedModel(), [this] { return now_; }};
  History history_{metrics_};
};

TEST_F(HistoryTest, IsEmptyUntilThereAreTwoSamples) {
  EXPECT_THAT(Json()["texts"], IsEmpty());
  Answer(3);
  EXPECT_THAT(Json()["texts"], IsEmpty());
  EXPECT_EQ(Json()["seconds"], 2);
}

TEST_F(HistoryTest, SaysHowFastCountersGrew) {
  Answer(1);
  Answer(10);
  Answer(4);
  EXPECT_EQ(Json()["texts"], (nlohmann::json{5.0, 2.0}));
  EXPECT_NEAR(Json()["p99"][1].get<double>(), 0.008, 0.0005);
}

TEST_F(HistoryTest, WhatCouldNotBeMeasuredIsNull) {
  Answer(0);
  Answer(0);
  EXPECT_TRUE(Json()["p99"][0].is_null());
  EXPECT_EQ(Json()["texts"][0], 0.0);
}

TEST_F(HistoryTest, KeepsTwoMinutesHoweverOftenItIsAsked) {
  for (int i = 0; i < 200; ++i) {
    Answer(2);
    history_.Sample(now_ + absl::Seconds(1));
  }
  EXPECT_THAT(Json()["texts"], SizeIs(History::kKept));
  EXPECT_EQ(Json()["texts"][0], 1.0);
}

}  // namespace
}  // namespace verdict
