#include "proto/status_details.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace verdict {
namespace {

absl::Status WithTwoDetails() {
  absl::Status status = absl::ResourceExhaustedError("full");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  SetDetail(retry, &status);
  google::rpc::ErrorInfo info;
  info.set_reason("QUEUE_FULL");
  SetDetail(info, &status);
  return status;
}

TEST(StatusDetailsTest, DetailsTravelWithTheirStatus) {
  const absl::Status arrived = ToAbslStatus(ToGrpcStatus(WithTwoDetails()));
  EXPECT_EQ(arrived, WithTwoDetails());
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(GetDetail(arrived, &info));
  EXPECT_EQ(info.reason(), "QUEUE_FULL");
  google::rpc::RetryInfo retry;
  EXPECT_TRUE(GetDetail(arrived, &retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  google::rpc::BadRequest bad;
  EXPECT_FALSE(GetDetail(arrived, &bad));
}

TEST(StatusDetailsTest, TheTrailerIsAStatusOfGoogleRpcInAFixedOrder) {
  const grpc::Status status = ToGrpcStatus(WithTwoDetails());
  google::rpc::Status rpc;
  ASSERT_TRUE(rpc.ParseFromString(status.error_details()));
  EXPECT_EQ(rpc.code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(rpc.message(), "full");
  ASSERT_EQ(rpc.details_size(), 2);
  EXPECT_EQ(rpc.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(rpc.details(1).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
}

TEST(StatusDetailsTest, OtherPayloadsStayAtHome) {
  absl::Status status = absl::InternalError("secret");
  status.SetPayload("verdict/Refusal", absl::Cord("0,"));
  EXPECT_EQ(ToGrpcStatus(status).error_details(), "");
}

TEST(StatusDetailsTest, MalformedDetailsAreIgnored) {
  const grpc::Status status(grpc::UNAVAILABLE, "gone", "\xFF\xFF");
  EXPECT_EQ(ToAbslStatus(status), absl::UnavailableError("gone"));
}

TEST(StatusDetailsTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(ToAbslStatus(grpc::Status::OK).ok());
}

}  // namespace
}  // namespace verdict
