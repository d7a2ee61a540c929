#include "client/load/requests.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace verdict {
namespace {

const v1::ClassifyRequest& Faulty(const LoadRequests& requests, Fault fault) {
  return requests.Classify({.fault = fault});
}

TEST(LoadRequestsTest, EachTextHasItsRequests) {
  const LoadRequests requests({"one", "two"}, 1);
  EXPECT_EQ(requests.texts(), 2);
  EXPECT_EQ(requests.Classify({.text = 1}).input().text(), "two");
  EXPECT_EQ(requests.Tokenize({.text = 1}).input().text(), "two");
}

TEST(LoadRequestsTest, ABatchTakesTheFollowingTextsRoundAndRound) {
  const LoadRequests requests({"a", "b", "c"}, 5);
  v1::ClassifyBatchRequest batch;
  for (int again = 0; again < 2; ++again) {
    requests.FillBatch({.text = 1}, &batch);
    std::string texts;
    for (const v1::Input& input : batch.inputs()) texts += input.text();
    EXPECT_EQ(texts, "bcabc");
  }
}

TEST(LoadRequestsTest, EachFaultHasItsOwnWrong) {
  const LoadRequests requests({"a fine film"}, 1);
  EXPECT_EQ(Faulty(requests, Fault::kEmptyText).input().text(), "");
  EXPECT_EQ(Faulty(requests, Fault::kNotUtf8).input().text().back(), '\xC3');
  EXPECT_FALSE(
      v1::Activation_IsValid(Faulty(requests, Fault::kUnknownEnum).options().activation()));
  EXPECT_GT(Faulty(requests, Fault::kTextTooLong).input().text().size(), 65536);
}

}  // namespace
}  // namespace verdict
