#include "server/tracing/call_journal.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "server/log/log.h"

namespace verdict {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class CallJournalTest : public ::testing::Test {
 protected:
  CallJournalTest() { StartLogging({.format = LogFormat::kJson}, fileno(stream_)); }

  void TearDown() override {
    StartLogging({});
    std::fclose(stream_);
  }

  static CallRecord Record(absl::Duration total, absl::StatusCode code = absl::StatusCode::kOk) {
    CallRecord record;
    record.code = code;
    record.trace_id = "0af7651916cd43dd8448eb211c80319c";
    record.peer = "ipv4:127.0.0.1:4711";
    record.model = "tiny";
    record.arrival = SteadyNow() - total;
    record.total = total;
    record.texts = 1;
    record.tokens = 12;
    record.queue = absl::Milliseconds(400);
    return record;
  }

  std::vector<nlohmann::json> Lines() {
    FlushLog(absl::InfiniteDuration());
    std::rewind(stream_);
    std::string text;
    for (int c; (c = std::fgetc(stream_)) != EOF;) text.push_back(static_cast<char>(c));
    std::vector<nlohmann::json> lines;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      lines.push_back(nlohmann::json::parse(line));
    }
    return lines;
  }

  std::FILE* const stream_ = std::tmpfile();
  const absl::Time now_ = SteadyNow();
};

TEST_F(CallJournalTest, ASlowCallIsOneLineWithWhatIsKnownOfIt) {
  CallJournal journal(absl::Milliseconds(500));
  journal.Tell(Record(absl::Milliseconds(499)), now_);
  journal.Tell(Record(absl::Milliseconds(500)), now_);
  const auto lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["message"], "a call was slow");
  EXPECT_EQ(lines[0]["method"], "Classify");
  EXPECT_EQ(lines[0]["code"], "OK");
  EXPECT_EQ(lines[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(lines[0]["peer"], "ipv4:127.0.0.1:4711");
  EXPECT_EQ(lines[0]["model"], "tiny");
  EXPECT_EQ(lines[0]["tokens"], 12);
  EXPECT_EQ(lines[0]["total_seconds"], 0.5);
  EXPECT_EQ(lines[0]["queue_seconds"], 0.4);
}

TEST_F(CallJournalTest, OfAFloodOfFailuresItWantsABurstAndThenSomeOfEachCode) {
  CallJournal journal(absl::ZeroDuration());
  const auto wanted = [&](absl::StatusCode code, absl::Time now) {
    int count = 0;
    for (int i = 0; i < 1000; ++i) count += journal.WantsFailure(code, now) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(wanted(absl::StatusCode::kResourceExhausted, now_), CallJournal::kFailureBurst);
  EXPECT_EQ(wanted(absl::StatusCode::kInternal, now_), CallJournal::kFailureBurst);
  const absl::Time later = now_ + 3 * CallJournal::kFailurePeriod;
  EXPECT_EQ(wanted(absl::StatusCode::kResourceExhausted, later), 3);
  EXPECT_EQ(wanted(absl::StatusCode::kResourceExhausted, later + absl::Hours(1)),
            CallJournal::kFailureBurst);
}

TEST_F(CallJournalTest, NoCallIsSlowWhereNobodySaysWhatThatIs) {
  CallJournal journal(absl::ZeroDuration());
  journal.Tell(Record(absl::Hours(1)), now_);
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(CallJournalTest, AFailedCallIsOneLineWhateverItTook) {
  CallJournal journal(absl::ZeroDuration());
  journal.Tell(Record(absl::Milliseconds(1), absl::StatusCode::kInternal), now_);
  journal.Tell(Record(absl::Milliseconds(1), absl::StatusCode::kInvalidArgument), now_);
  const auto lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["message"], "a call failed");
  EXPECT_EQ(lines[0]["code"], "Internal");
}

TEST_F(CallJournalTest, ABatchWithTextsThatFailedIsToldOfThoughItEndsWithOk) {
  CallJournal journal(absl::ZeroDuration());
  CallRecord record = Record(absl::Milliseconds(1));
  record.method = Method::kClassifyBatch;
  record.failed_texts = 3;
  record.text_code = absl::StatusCode::kInternal;
  journal.Tell(record, now_);
  const auto lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["code"], "OK");
  EXPECT_EQ(lines[0]["failed_texts"], 3);
  EXPECT_EQ(lines[0]["text_code"], "Internal");
}

TEST_F(CallJournalTest, AFloodOfFailuresIsFewLines) {
  CallJournal journal(absl::ZeroDuration());
  for (int i = 0; i < 1000; ++i) {
    journal.Tell(Record(absl::Milliseconds(1), absl::StatusCode::kResourceExhausted), now_);
  }
  EXPECT_LE(Lines().size(), 20U);
}

TEST_F(CallJournalTest, WantsTheSlowestOfEachMinuteAndNoOthers) {
  CallJournal journal(absl::Seconds(1));
  EXPECT_TRUE(journal.Wants(absl::Milliseconds(1), now_));
  for (size_t i = 0; i < RecentCalls::kMost; ++i) journal.Tell(Record(absl::Milliseconds(5)), now_);
  EXPECT_FALSE(journal.Wants(absl::Milliseconds(5), now_));
  EXPECT_TRUE(journal.Wants(absl::Milliseconds(6), now_));
  EXPECT_TRUE(journal.Wants(absl::Milliseconds(1), now_ + RecentCalls::kMinute));
  for (size_t i = 0; i < RecentCalls::kMost; ++i) journal.Tell(Record(absl::Seconds(5)), now_);
  EXPECT_TRUE(journal.Wants(absl::Seconds(1), now_)) << "the log's line is wanted";
}

TEST_F(CallJournalTest, ItsJsonHasTheSameFieldsAndADate) {
  CallJournal journal(absl::ZeroDuration());
  journal.Tell(Record(absl::Milliseconds(250), absl::StatusCode::kUnavailable), now_);
  const auto json = nlohmann::json::parse(journal.Json(now_));
  ASSERT_THAT(json["slowest"], SizeIs(1));
  ASSERT_THAT(json["failed"], SizeIs(1));
  EXPECT_EQ(json["slowest"], json["failed"]);
  EXPECT_EQ(json["failed"][0]["code"], "Unavailable");
  EXPECT_EQ(json["failed"][0]["total_seconds"], 0.25);
  EXPECT_EQ(json["failed"][0]["time"].get<std::string>().size(), 24U);
}

}  // namespace
}  // namespace verdict
