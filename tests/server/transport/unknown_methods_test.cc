#include "server/transport/unknown_methods.h"

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status_details.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/serving_fixture.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using UnknownMethodsTest = ServingTest;

TEST_F(UnknownMethodsTest, UnimplementedNamesTheMethodAndThoseThatThereAre) {
  grpc::Status status = RawCall(channel_, "/verdict.v1.Classifier/Clasify", "");
  EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("\"/verdict.v1.Classifier/Clasify\""),
                    HasSubstr("Classify, ClassifyBatch, ClassifyStream, Tokenize, GetModel")));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(GetDetail(ToAbslStatus(status), &info));
  EXPECT_EQ(info.reason(), "UNKNOWN_METHOD");

  status = RawCall(channel_, "/tei.v1.Predict/Predict", "");
  EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("\"/tei.v1.Predict/Predict\""), HasSubstr("verdict.v1.Classifier")));
  ExpectServes();
}

TEST_F(UnknownMethodsTest, TheyAreCountedUnderOneName) {
  for (int i = 0; i < 5; ++i) RawCall(channel_, absl::StrCat("/a.B/C", i), "");
  EXPECT_TRUE(
      Exposes("grpc_server_handled_total{grpc_code=\"Unimplemented\",grpc_method=\"unknown\","
              "grpc_service=\"unknown\",grpc_type=\"unary\"} 5"));
  EXPECT_FALSE(absl::StrContains(metrics_.Expose(), "a.B"));
}

TEST_F(UnknownMethodsTest, ALongNameIsCut) {
  const grpc::Status status = RawCall(channel_, "/a.B/" + std::string(4000, 'x'), "");
  EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_LT(status.error_message().size(), 500U);
}

}  // namespace
}  // namespace verdict
