#include "server/batching/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "server/contract/refusal.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

class AdmissionTest : public ::testing::Test {
 protected:
  // Whether verdictd's metrics have this line.
  bool Exposes(const std::string& line) const {
    return absl::StrContains(metrics_.Expose(), "\n" + line + "\n");
  }

  Metrics metrics_{ServedModel{}};
  Admission admission_{{.max_texts = 10, .max_bytes = 100}, &metrics_};
};

TEST_F(AdmissionTest, TakesExactlyItsLimits) {
  const auto first = admission_.Admit(9, 60);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(admission_.Admit(2, 1).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(admission_.Admit(1, 41).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(admission_.Admit(1, 40).ok());
}

TEST_F(AdmissionTest, TellsItsLimits) {
  EXPECT_TRUE(Exposes("verdict_in_flight_texts_limit 10"));
  EXPECT_TRUE(Exposes("verdict_in_flight_bytes_limit 100"));
}

TEST_F(AdmissionTest, ARefusalNamesTheLimit) {
  EXPECT_THAT(std::string(admission_.Admit(11, 1).status().message()),
              HasSubstr("11 more texts do not fit; --max-texts-in-flight allows 10"));
  EXPECT_THAT(std::string(admission_.Admit(1, 101).status().message()),
              HasSubstr("101 more bytes do not fit; --max-bytes-in-flight allows 100"));
}

// A ticket is given back as a whole, when its call is done.
TEST_F(AdmissionTest, ARefusalSaysWhenTicketsThatMakeRoomAreGivenBack) {
  double asked = 0;
  Admission admission({.max_texts = 10, .max_bytes = 100}, &metrics_, [&asked](double part) {
    asked = part;
    return absl::Seconds(7);
  });
  {
    const auto all = admission.Admit(10, 10);
    const absl::Status status = admission.Admit(1, 1).status();
    ASSERT_TRUE(RefusalOf(status).has_value());
    EXPECT_EQ(RefusalOf(status)->reason, ShedReason::kInFlight);
    EXPECT_EQ(RefusalOf(status)->retry_delay, absl::Seconds(7));
    EXPECT_EQ(asked, 1) << "the one call that is in flight must be done";
  }
  std::vector<absl::StatusOr<Admission::Ticket>> tickets;
  for (int i = 0; i < 10; ++i) tickets.push_back(admission.Admit(1, 10));
  EXPECT_FALSE(admission.Admit(1, 0).ok());
  EXPECT_EQ(asked, 0.1);
  EXPECT_FALSE(admission.Admit(0, 15).ok());
  EXPECT_EQ(asked, 0.2);
  EXPECT_EQ(RefusalOf(admission.Admit(11, 0).status())->retry_delay, std::nullopt);
}

TEST_F(AdmissionTest, ARefusalTakesNothing) {
  EXPECT_FALSE(admission_.Admit(11, 100).ok());
  EXPECT_FALSE(admission_.Admit(10, 101).ok());
  EXPECT_TRUE(admission_.Admit(10, 100).ok());
}

TEST_F(AdmissionTest, ATicketGivesBackWhatItHoldsOnce) {
  {
    absl::StatusOr<Admission::Ticket> ticket = admission_.Admit(10, 100);
    ASSERT_TRUE(ticket.ok());
    Admission::Ticket other = *std::move(ticket);
    EXPECT_FALSE(admission_.Admit(1, 0).ok()) << "what was moved from holds nothing to give back";
    other = Admission::Ticket();
    EXPECT_TRUE(admission_.Admit(10, 100).ok());
  }
  EXPECT_TRUE(admission_.Admit(10, 100).ok());
  EXPECT_FALSE(admission_.Admit(11, 0).ok());
}

TEST_F(AdmissionTest, ATicketThatGrowsGivesAllBack) {
  {
    absl::StatusOr<Admission::Ticket> ticket = admission_.Admit(1, 50);
    ASSERT_TRUE(ticket.ok());
    EXPECT_TRUE(ticket->Add(9, 0).ok());
    EXPECT_EQ(ticket->Add(1, 0).code(), absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(ticket->Add(0, 50).ok());
    EXPECT_EQ(ticket->Add(0, 1).code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_TRUE(admission_.Admit(10, 100).ok());
}

TEST_F(AdmissionTest, TheMetricsFollow) {
  {
    const auto ticket = admission_.Admit(4, 30);
    EXPECT_FALSE(admission_.Admit(7, 1).ok());
    EXPECT_TRUE(Exposes("verdict_in_flight_texts 4"));
    EXPECT_TRUE(Exposes("verdict_in_flight_bytes 30"));
    EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 7"));
  }
  EXPECT_TRUE(Exposes("verdict_in_flight_texts 0"));
  EXPECT_TRUE(Exposes("verdict_in_flight_bytes 0"));
}

TEST_F(AdmissionTest, ARefusalShedsAllTextsOfItsCallAndAtLeastOne) {
  absl::StatusOr<Admission::Ticket> ticket = admission_.Admit(1, 30);
  EXPECT_FALSE(ticket->Add(10, 0).ok());
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 11"));
  EXPECT_FALSE(ticket->Add(0, 71).ok());
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 12"));
  EXPECT_FALSE(admission_.Admit(0, 71).ok());
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 13"));
}

TEST_F(AdmissionTest, StreamsLeaveAQuarterToCalls) {
  std::vector<std::optional<Admission::Ticket>> tickets;
  for (int i = 0; i < 8; ++i) {
    tickets.push_back(admission_.AdmitOfStream(1));
    EXPECT_TRUE(tickets.back().has_value());
  }
  EXPECT_FALSE(admission_.AdmitOfStream(1).has_value());
  EXPECT_TRUE(admission_.Admit(2, 1).ok());
  EXPECT_TRUE(Exposes("verdict_shed_total{reason=\"in_flight\"} 0")) << "to wait is not to be shed";
  tickets.clear();
  EXPECT_TRUE(Exposes("verdict_in_flight_texts 0"));
  EXPECT_TRUE(admission_.Admit(10, 100).ok());
}

TEST_F(AdmissionTest, OneMessageMayBeLargerThanTheShareOfStreams) {
  EXPECT_TRUE(admission_.CheckSize(100).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(admission_.CheckSize(101)));
  const auto all = admission_.AdmitOfStream(100);
  EXPECT_TRUE(all.has_value());
  EXPECT_FALSE(admission_.AdmitOfStream(1).has_value());
}

TEST_F(AdmissionTest, WhileAStreamWaitsCallsLeaveItAQuarter) {
  WaitingLine line;
  Admission admission({.max_texts = 8, .max_bytes = 100}, &metrics_, nullptr, &line);
  std::vector<absl::StatusOr<Admission::Ticket>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(admission.Admit(1, 1));
  EXPECT_FALSE(admission.AdmitOfStream(1).has_value());
  std::atomic<bool> admitted = false;
  line.Wait(0, [&] {
    if (!admission.AdmitOfStream(1).has_value()) return false;
    admitted = true;
    return true;
  });
  EXPECT_FALSE(admission.Admit(1, 1).ok());
  calls.pop_back();  // says that there is room
  while (!line.empty()) std::this_thread::yield();
  EXPECT_TRUE(admitted);
  EXPECT_TRUE(admission.Admit(1, 1).ok()) << "no stream waits any more, nor has anything";
}

// Threads that take and give back as fast as they can: the limits are never passed, a thread is
// refused only where what it asks for would pass them, and in the end all is given back.
TEST_F(AdmissionTest, TheLimitsHoldBetweenThreads) {
  constexpr int kThreads = 4;
  std::atomic<int64_t> texts = 0;  // in flight at least: counted after Admit, uncounted before
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &texts] {
      std::mt19937 random(static_cast<unsigned>(thread));
      for (int i = 0; i < 20'000; ++i) {
        const int64_t asked = 1 + static_cast<int64_t>(random() % 5);
        absl::StatusOr<Admission::Ticket> ticket = admission_.Admit(asked, asked * 10);
        if (!ticket.ok()) continue;
        EXPECT_LE(texts.fetch_add(asked) + asked, 10);
        texts.fetch_sub(asked);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(admission_.Admit(10, 100).ok());
  EXPECT_TRUE(Exposes("verdict_in_flight_texts 0"));
}

TEST_F(AdmissionTest, NobodyIsRefusedForWhatAnotherIsRefused) {
  std::atomic<bool> done = false;
  std::thread greedy([this, &done] {
    while (!done) EXPECT_FALSE(admission_.Admit(11, 0).ok());
  });
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(admission_.Admit(10, 0).ok());
  done = true;
  greedy.join();
}

// Its part, or half if that is more: so others always find room.
TEST_F(AdmissionTest, OneNamedCallerLeavesRoomToTheOthers) {
  NamedCaller small(1, "small");
  small.Set({.weight = 1, .part = 0.2});
  NamedCaller large(2, "large");
  large.Set({.weight = 4, .part = 0.8});
  const auto half = admission_.Admit(5, 50, small);
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_THAT(std::string(admission_.Admit(1, 0, small).status().message()),
              HasSubstr("--max-texts-in-flight allows 5"));
  EXPECT_THAT(std::string(admission_.Admit(0, 1, small).status().message()),
              HasSubstr("--max-bytes-in-flight allows 50"));
  EXPECT_FALSE(admission_.AdmitOfStream(0, small).has_value());
  const auto others = admission_.Admit(5, 50, large);
  EXPECT_TRUE(others.ok()) << others.status();
}

}  // namespace
}  // namespace verdict
