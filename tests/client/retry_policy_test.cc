#include "client/retry_policy.h"

#include <initializer_list>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;
constexpr auto kResourceExhausted = absl::StatusCode::kResourceExhausted;
constexpr double kNoJitter = 0.5;  // of a backoff; of a pushback it is 0

TEST(RetryPolicyTest, RetriesUnavailableAtOnceThenBacksOff) {
  RetryPolicy policy(100);
  const auto pause = [&](int number) { return policy.AfterFailure({.number = number}, kNoJitter); };
  EXPECT_EQ(pause(1), absl::ZeroDuration());
  EXPECT_EQ(pause(2), absl::Milliseconds(100));
  EXPECT_EQ(pause(3), absl::Milliseconds(200));
  EXPECT_EQ(pause(5), absl::Milliseconds(800));
  EXPECT_EQ(pause(6), absl::Seconds(1));
  EXPECT_EQ(pause(99), absl::Seconds(1));
}

TEST(RetryPolicyTest, ABackoffIsJitteredBothWays) {
  RetryPolicy policy(4);
  EXPECT_LT(policy.AfterFailure({.number = 2}, 0), absl::Milliseconds(80));
  EXPECT_GT(policy.AfterFailure({.number = 2}, 0.99), absl::Milliseconds(120));
}

TEST(RetryPolicyTest, TheLastAttemptsFailureIsTheAnswer) {
  RetryPolicy policy(4);
  EXPECT_NE(policy.AfterFailure({.number = 3}, 0), std::nullopt);
  EXPECT_EQ(policy.AfterFailure({.number = 4}, 0), std::nullopt);
  EXPECT_EQ(RetryPolicy(1).AfterFailure({.number = 1}, 0), std::nullopt);
}

// What a call gets that reaches a server in the middle of its shutdown.
TEST(RetryPolicyTest, CancelledByTheServerIsRetriedAsUnavailableIs) {
  RetryPolicy policy(4);
  EXPECT_EQ(policy.AfterFailure({.code = absl::StatusCode::kCancelled}, 0), absl::ZeroDuration());
}

TEST(RetryPolicyTest, WhatWouldFailAgainIsNotRetried) {
  RetryPolicy policy(4);
  for (const auto code : {absl::StatusCode::kInvalidArgument, absl::StatusCode::kDeadlineExceeded,
                          absl::StatusCode::kUnauthenticated, absl::StatusCode::kPermissionDenied,
                          absl::StatusCode::kUnimplemented, absl::StatusCode::kNotFound,
                          absl::StatusCode::kFailedPrecondition, absl::StatusCode::kDataLoss}) {
    EXPECT_EQ(policy.AfterFailure({.code = code, .pushback_ms = "1"}, 0), std::nullopt) << code;
  }
}

TEST(RetryPolicyTest, NeverRetriesBeyondTheDeadline) {
  RetryPolicy policy(4);
  const auto backoff = [&](absl::Duration remaining) {
    return policy.AfterFailure({.number = 2, .remaining = remaining}, kNoJitter);
  };
  EXPECT_EQ(backoff(absl::Milliseconds(101)), absl::Milliseconds(100));
  EXPECT_EQ(backoff(absl::Milliseconds(100)), std::nullopt);
  EXPECT_EQ(policy.AfterFailure({.remaining = absl::ZeroDuration()}, 0), std::nullopt);
  EXPECT_EQ(policy.AfterFailure({.remaining = absl::Seconds(-1)}, 0), std::nullopt);
  const auto pushback = [&](absl::Duration remaining) {
    return policy.AfterFailure(
        {.code = kResourceExhausted, .pushback_ms = "200", .remaining = remaining}, 0);
  };
  EXPECT_EQ(pushback(absl::Milliseconds(201)), absl::Milliseconds(200));
  EXPECT_EQ(pushback(absl::Milliseconds(200)), std::nullopt);
}

TEST(RetryPolicyTest, HonoursPushback) {
  RetryPolicy policy(4);
  for (const auto code : {kResourceExhausted, kUnavailable}) {
    EXPECT_EQ(policy.AfterFailure({.code = code, .pushback_ms = "70"}, 0), absl::Milliseconds(70));
    EXPECT_GT(policy.AfterFailure({.code = code, .pushback_ms = "70"}, 0.9),
              absl::Milliseconds(80));
    for (const char* never : {"-1", "soon", "1.5", "99999999999"}) {
      EXPECT_EQ(policy.AfterFailure({.code = code, .pushback_ms = never}, 0), std::nullopt);
    }
  }
}

// It is not a queue that is full, but a message that is too large.
TEST(RetryPolicyTest, ExhaustedWithoutPushbackIsNotRetried) {
  EXPECT_EQ(RetryPolicy(4).AfterFailure({.code = kResourceExhausted}, 0), std::nullopt);
}

TEST(RetryPolicyTest, BudgetStopsRetriesUnderOverload) {
  RetryPolicy policy(4);
  const auto refused = [&] {
    return policy.AfterFailure({.code = kResourceExhausted, .pushback_ms = "1"}, 0).has_value();
  };
  int burst = 0;
  while (refused()) ++burst;
  EXPECT_EQ(burst, RetryPolicy::kFullBudget / RetryPolicy::kRefusedPrice);
  // From then on, one for each ten that were answered.
  int retries = 0;
  for (int i = 0; i < 1000; ++i) {
    policy.AfterSuccess();
    if (refused()) ++retries;
  }
  EXPECT_EQ(retries, 100);
}

TEST(RetryPolicyTest, TheBudgetRepeatsAllThatALostServerHeld) {
  RetryPolicy policy(4);
  int retries = 0;
  while (policy.AfterFailure({}, 0).has_value()) ++retries;
  EXPECT_EQ(retries, RetryPolicy::kFullBudget);
  policy.AfterSuccess();
  EXPECT_TRUE(policy.AfterFailure({}, 0).has_value());
  EXPECT_FALSE(policy.AfterFailure({}, 0).has_value());
}

TEST(RetryPolicyTest, NothingIsPaidForWhatIsNotRetried) {
  RetryPolicy policy(2);
  for (int i = 0; i < 2 * RetryPolicy::kFullBudget; ++i) {
    policy.AfterFailure({.number = 2}, 0);
    policy.AfterFailure({.code = kResourceExhausted}, 0);
    policy.AfterFailure({.remaining = absl::ZeroDuration()}, 0);
  }
  EXPECT_TRUE(policy.AfterFailure({}, 0).has_value());
}

TEST(RetryPolicyTest, TheBudgetHasATop) {
  RetryPolicy policy(2);
  for (int i = 0; i < 10; ++i) policy.AfterSuccess();
  int retries = 0;
  while (policy.AfterFailure({}, 0).has_value()) ++retries;
  EXPECT_EQ(retries, RetryPolicy::kFullBudget);
}

}  // namespace
}  // namespace verdict
