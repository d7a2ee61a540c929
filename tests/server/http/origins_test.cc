#include "server/http/origins.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

HttpHeaders Added(const std::string& method, const std::string& path, const std::string& origin) {
  const HttpOrigins origins({"https://app.example"});
  HttpResponse response;
  origins.AddHeaders({.method = method, .path = path, .headers = {{"Origin", origin}}}, &response);
  return response.headers;
}

TEST(HttpOriginsTest, APreflightIsGrantedToNamedOrigins) {
  const HttpHeaders headers = Added("OPTIONS", "/v1/classify", "https://app.example");
  EXPECT_THAT(headers, Contains(Pair("Access-Control-Allow-Origin", "https://app.example")));
  EXPECT_THAT(headers, Contains(Pair("Access-Control-Allow-Methods", "GET, POST")));
  EXPECT_THAT(headers, Contains(Pair("Access-Control-Allow-Headers",
                                     "Authorization, Content-Type, Grpc-Timeout, traceparent, "
                                     "tracestate")));
  EXPECT_THAT(headers, Contains(Pair("Vary", "Origin")));
}

TEST(HttpOriginsTest, APreflightIsNotGrantedToOthers) {
  for (const char* origin :
       {"https://evil.example", "null", "http://app.example", "*", "https://app.example:443",
        "https://app.example, https://evil.example"}) {
    EXPECT_THAT(Added("OPTIONS", "/v1/classify", origin),
                Not(Contains(Pair("Access-Control-Allow-Origin", ::testing::_))))
        << origin;
  }
}

TEST(HttpOriginsTest, OnlyV1IsForOtherPages) {
  EXPECT_THAT(Added("GET", "/metrics", "https://app.example"), IsEmpty());
  EXPECT_THAT(Added("GET", "/v1/model", "https://app.example"),
              Contains(Pair("Access-Control-Allow-Origin", "https://app.example")));
}

TEST(HttpOriginsTest, WhereNobodyIsNamedNothingIsAdded) {
  HttpResponse response;
  HttpOrigins().AddHeaders({.method = "OPTIONS", .path = "/v1/classify"}, &response);
  EXPECT_THAT(response.headers, IsEmpty());
}

TEST(HttpOriginsTest, IsWrittenAsBrowsersWriteIt) {
  for (const char* origin :
       {"https://app.example", "http://localhost:3000", "https://[::1]:8443"}) {
    EXPECT_TRUE(HttpOrigins::IsOrigin(origin)) << origin;
  }
  for (const char* origin : {"", "*", "null", "app.example", "https://", "https://app.example/",
                             "https://APP.example", "file://x"}) {
    EXPECT_FALSE(HttpOrigins::IsOrigin(origin)) << origin;
  }
}

}  // namespace
}  // namespace verdict
