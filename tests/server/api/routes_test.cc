#include "server/api/routes.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

class HttpRoutesTest : public ::testing::Test {
 protected:
  HttpResponse Get(const std::string& path, const HttpRequest& http = {}) {
    for (const HttpRoute& route : routes_) {
      if (route.path == path) return Answer(route.get(http));
    }
    ADD_FAILURE() << "no route " << path;
    return {};
  }

  static HttpResponse Answer(HttpAnswer answer) {
    if (auto* response = std::get_if<HttpResponse>(&answer)) return *std::move(response);
    HttpResponse made;
    std::get<std::unique_ptr<HttpWork>>(answer)->Answer("", [&](auto make) { made = make(); });
    return made;
  }

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

TEST_F(HttpRoutesTest, MetricsAreOpenMetricsForWhoAsksForThem) {
  HttpRequest http;
  // As Prometheus 2.42 asks.
  http.headers = {{"Accept",
                   "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                   "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"}};
  const HttpResponse response = Get("/metrics", http);
  EXPECT_EQ(response.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("\n# EOF\n"));
  http.headers = {{"Accept", "text/html,*/*;q=0.8"}};
  EXPECT_EQ(Get("/metrics", http).content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(HttpRoutesTest, ReadinessFollowsItsStatusAndSaysTheReason) {
  EXPECT_EQ(Get("/readyz").status, 200);
  readiness_ = absl::UnavailableError("draining");
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/readyz").body, "draining\n");
}

TEST_F(HttpRoutesTest, LivenessDoesNotDependOnReadiness) {
  readiness_ = absl::UnavailableError("draining");
  EXPECT_EQ(Get("/healthz").status, 200);
}

// A worker may be busy with somebody's JSON for a while.
TEST_F(HttpRoutesTest, HealthNeedsNoWorker) {
  for (const HttpRoute& route : routes_) {
    EXPECT_EQ(std::holds_alternative<HttpResponse>(route.get(HttpRequest{})),
              route.path != "/metrics");
  }
}

TEST_F(HttpRoutesTest, AStalledEngineIsNotAlive) {
  liveness_ = absl::UnavailableError("stuck");
  EXPECT_EQ(Get("/healthz").status, 503);
  EXPECT_EQ(Get("/healthz").body, "stuck\n");
  EXPECT_EQ(Get("/readyz").status, 200);
}

}  // namespace
}  // namespace verdict
