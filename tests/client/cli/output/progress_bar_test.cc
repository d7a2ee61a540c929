#include "client/cli/output/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

TEST(ProgressLineTest, ShowsBarPartTextsRateAndTimeLeft) {
  EXPECT_EQ(ProgressLine(
                {.texts = 8120, .bytes = 470, .total_bytes = 1000, .elapsed = absl::Seconds(20)}),
            "[##############                ]  47 %  8,120 texts  406/s  23s left");
}

TEST(ProgressLineTest, WithoutATotalThereIsNoBar) {
  EXPECT_EQ(ProgressLine({.texts = 1234567, .bytes = 1, .elapsed = absl::Seconds(1000)}),
            "1,234,567 texts  1,234/s");
}

TEST(ProgressLineTest, NeverShowsMoreThanAllAndFitsATerminal) {
  const std::string line = ProgressLine({.texts = 999'999'999,
                                         .bytes = 1001,  // the last line had no line feed
                                         .total_bytes = 1000,
                                         .elapsed = absl::Hours(10)});
  EXPECT_THAT(line, StartsWith("[##############################] 100 %"));
  EXPECT_LE(line.size(), 79);
}

class ProgressBarTest : public ::testing::Test {
 protected:
  ~ProgressBarTest() override { std::fclose(stream_); }

  std::string Drawn() {
    std::rewind(stream_);
    std::string text;
    for (int c; (c = std::fgetc(stream_)) != EOF;) text.push_back(static_cast<char>(c));
    return text;
  }

  std::FILE* const stream_ = std::tmpfile();
  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
};

TEST_F(ProgressBarTest, IsSilentInTheFirstSecond) {
  ProgressBar bar(stream_, start_);
  bar.Update(start_ + absl::Milliseconds(999), {.texts = 5});
  bar.Clear();
  EXPECT_EQ(Drawn(), "");
}

TEST_F(ProgressBarTest, DrawsAtMostTenTimesASecond) {
  ProgressBar bar(stream_, start_);
  for (int i = 1000; i < 2000; ++i) bar.Update(start_ + absl::Milliseconds(i), {.texts = 5});
  const std::string drawn = Drawn();
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\r'), 10);
}

TEST_F(ProgressBarTest, LeavesNothingBehind) {
  { ProgressBar(stream_, start_).Update(start_ + absl::Seconds(1), {.texts = 5}); }
  EXPECT_THAT(Drawn(), EndsWith("\r\x1b[K"));
}

TEST_F(ProgressBarTest, WithoutAStreamItDrawsNothing) {
  ProgressBar bar(nullptr, start_);
  bar.Update(start_ + absl::Seconds(5), {.texts = 5});
  bar.Clear();
  EXPECT_EQ(Drawn(), "");
}

}  // namespace
}  // namespace verdict
