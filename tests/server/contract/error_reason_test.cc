#include "server/contract/error_reason.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "proto/duration.h"
#include "proto/status_details.h"
#include "server/contract/refusal.h"

namespace verdict {
namespace {

std::string InfoReason(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return GetDetail(Explained(status), &info) ? info.reason() : "none";
}

TEST(ErrorReasonTest, EveryCodeHasAReason) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "no");
    EXPECT_NE(ReasonOf(status), v1::ERROR_REASON_UNSPECIFIED) << code;
    google::rpc::ErrorInfo info;
    ASSERT_TRUE(GetDetail(Explained(status), &info)) << code;
    EXPECT_EQ(info.reason(), v1::ErrorReason_Name(ReasonOf(status)));
    EXPECT_EQ(info.domain(), "verdict.v1");
  }
  EXPECT_TRUE(Explained(absl::OkStatus()).ok());
}

TEST(ErrorReasonTest, ARefusalHasItsReasonAndItsDelay) {
  const auto refused = [](ShedReason reason) {
    return Refused(absl::StatusCode::kResourceExhausted,
                   {.reason = reason, .retry_delay = absl::Milliseconds(1500)}, "busy");
  };
  EXPECT_EQ(InfoReason(refused(ShedReason::kQueueFull)), "QUEUE_FULL");
  EXPECT_EQ(InfoReason(refused(ShedReason::kDeadline)), "DEADLINE_TOO_SHORT");
  EXPECT_EQ(InfoReason(refused(ShedReason::kInFlight)), "TOO_MUCH_IN_FLIGHT");
  EXPECT_EQ(InfoReason(refused(ShedReason::kDraining)), "DRAINING");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(GetDetail(Explained(refused(ShedReason::kQueueFull)), &retry));
  EXPECT_EQ(ToAbsl(retry.retry_delay()), absl::Milliseconds(1500));
}

TEST(ErrorReasonTest, WhatWouldFailAgainHasNoRetryInfo) {
  google::rpc::RetryInfo retry;
  for (const absl::Status& status :
       {Refused(absl::StatusCode::kResourceExhausted, {ShedReason::kDeadline, std::nullopt},
                "long"),
        absl::InvalidArgumentError("bad"), absl::DeadlineExceededError("late"),
        absl::InternalError("fault"), absl::UnauthenticatedError("who?")}) {
    EXPECT_EQ(RetryDelayOf(status), std::nullopt);
    EXPECT_FALSE(GetDetail(Explained(status), &retry)) << status;
  }
}

TEST(ErrorReasonTest, AnotherServerCanBeAskedAtOnce) {
  EXPECT_EQ(RetryDelayOf(Draining()), absl::ZeroDuration());
  EXPECT_EQ(RetryDelayOf(absl::UnavailableError("gone")), absl::ZeroDuration());
  EXPECT_EQ(InfoReason(Draining()), "DRAINING");
}

TEST(ErrorReasonTest, ABadFieldIsNamedAndItsLimitToo) {
  const absl::Status status =
      InvalidRequest(v1::TEXT_TOO_LONG, "input.text", "input.text has 9 bytes",
                     MetLimit{.option = "--max-text-bytes", .limit = 8, .found = 9});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), v1::TEXT_TOO_LONG);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(GetDetail(status, &bad));
  ASSERT_EQ(bad.field_violations_size(), 1);
  EXPECT_EQ(bad.field_violations(0).field(), "input.text");
  EXPECT_EQ(bad.field_violations(0).description(), "input.text has 9 bytes");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(GetDetail(Explained(status), &info));
  EXPECT_EQ(info.metadata().at("option"), "--max-text-bytes");
  EXPECT_EQ(info.metadata().at("limit"), "8");
  EXPECT_EQ(info.metadata().at("found"), "9");
}

// A refusal takes a shorter way.
TEST(ErrorReasonTest, WhatIsSentIsWhatExplainsTheStatus) {
  for (const absl::Status& status :
       {absl::OkStatus(), absl::CancelledError("gone"), Draining(),
        InvalidRequest(v1::BAD_FIELD, "input.text", "empty"),
        Refused(absl::StatusCode::kResourceExhausted,
                {.reason = ShedReason::kQueueFull, .retry_delay = absl::Milliseconds(1500)},
                "full"),
        Refused(absl::StatusCode::kResourceExhausted,
                {.reason = ShedReason::kDeadline, .retry_delay = std::nullopt}, "never")}) {
    const grpc::Status sent = ToCaller(status);
    const grpc::Status expected = ToGrpcStatus(Explained(status));
    EXPECT_EQ(sent.error_code(), expected.error_code());
    EXPECT_EQ(sent.error_message(), expected.error_message());
    EXPECT_EQ(sent.error_details(), expected.error_details()) << status;
  }
}

}  // namespace
}  // namespace verdict
