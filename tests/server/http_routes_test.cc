#include "server/http_routes.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

// What none of these routes looks at.
class NoRequest final : public HttpRequest {
 public:
  std::optional<std::string> Header(const char*) const override { return std::nullopt; }
  absl::StatusOr<size_t> BodyBytes() const override { return 0; }
  absl::StatusOr<std::string> ReadBody(size_t) override { return ""; }
};

class HttpRoutesTest : public ::testing::Test {
 protected:
  HttpResponse Get(const std::string& path) {
    for (const HttpRoute& route : routes_) {
      if (route.path == path) return route.get(request_);
    }
    ADD_FAILURE() << "no route " << path;
    return {};
  }

  NoRequest request_;
  absl::Status liveness_;
  absl::Status readiness_;
  Metrics metrics_{ServedModel()};
  const std::vector<HttpRoute> routes_ = HttpRoutes(
      metrics_, [this] { return liveness_; }, [this] { return readiness_; });
};

TEST_F(HttpRoutesTest, MetricsAreThePageOfNow) {
  metrics_.CountTokens(17);
  const HttpResponse response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("\nverdict_tokens_total 17\n"));
}

TEST_F(HttpRoutesTest, ReadinessFollowsItsStatusAndSaysTheReason) {
  EXPECT_EQ(Get("/readyz").status, 200);
  readiness_ = absl::UnavailableError("draining");
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/readyz").body, "draining\n");
}

TEST_F(HttpRoutesTest, AliveIsAliveWhetherReadyOrNot) {
  readiness_ = absl::UnavailableError("draining");
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(HttpRoutesTest, WhatDoesNotMoveIsNotAlive) {
  liveness_ = absl::UnavailableError("stuck");
  EXPECT_EQ(Get("/healthz").status, 503);
  EXPECT_EQ(Get("/healthz").body, "stuck\n");
  EXPECT_EQ(Get("/readyz").status, 200);
}

}  // namespace
}  // namespace verdict
