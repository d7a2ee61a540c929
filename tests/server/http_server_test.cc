#include "server/http_server.h"

#include <civetweb.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "tests/server/localhost.h"
#include "tests/server/tcp_connection.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = HttpServer::Start("127.0.0.1:0", Routes(), patience_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::vector<HttpRoute> Routes() {
    return {
        {"/metrics",
         [](HttpRequest&) { return HttpResponse{.content_type = "text/x", .body = "up 1\n"}; }},
        {"/readyz", [](HttpRequest&) { return HttpResponse{.status = 503, .body = "draining\n"}; }},
        {"/big", [this](HttpRequest&) { return HttpResponse{.body = big_}; }},
        {"/held", [this](HttpRequest&) { return HttpResponse{.body = big_, .held = Held()}; }},
        {.path = "/echo", .get = nullptr, .post = Echo}};
  }

  std::shared_ptr<void> Held() {
    ++held_;
    return {nullptr, [this](void*) { --held_; }};
  }

  // Answers with what it was sent.
  static HttpResponse Echo(HttpRequest& request) {
    const absl::StatusOr<size_t> bytes = request.BodyBytes();
    if (!bytes.ok()) return JsonError(411, bytes.status());
    const absl::StatusOr<std::string> body = request.ReadBody(*bytes);
    if (!body.ok()) return JsonError(408, body.status());
    return {.body = absl::StrCat(request.Header("x-name").value_or("none"), ":", *body),
            .headers = {{"X-More", "yes"}}};
  }

  std::string Ask(const std::string& request_line, const std::string& headers = "") {
    TcpConnection connection(server_->port());
    connection.Write(
        absl::StrCat(request_line, " HTTP/1.1\r\nHost: a.example\r\n", headers, "\r\n"));
    return connection.ReadAll();
  }

  std::string Post(const std::string& headers, const std::string& body) {
    TcpConnection connection(server_->port());
    connection.Write(absl::StrCat("POST /echo HTTP/1.1\r\nHost: a.example\r\nContent-Length: ",
                                  body.size(), "\r\n", headers, "\r\n", body));
    return connection.ReadAll();
  }

  void AwaitAnswered() { server_->AwaitAnswered(SteadyNow() + absl::Seconds(10)); }

  // More than the kernel holds for a reader.
  const std::string big_ = std::string(32'000'000, 'x');  // NOLINT(bugprone-string-constructor)
  HttpPatience patience_;
  std::atomic<int> held_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ABodyOfTwoLengthsIsRefused) {
  for (const char* headers :
       {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3abc\r\n",
        "Content-Length: +3\r\n", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"}) {
    TcpConnection connection(server_->port());
    connection.Write(absl::StrCat("POST /echo HTTP/1.1\r\nHost: a\r\n", headers, "\r\nabc"));
    EXPECT_THAT(connection.ReadAll(), StartsWith("HTTP/1.1 400 ")) << headers;
  }
}

TEST_F(HttpServerTest, APathThatHasToBeCleanedIsNone) {
  for (const char* path : {"/v1/../metrics", "//metrics", "/./metrics"}) {
    TcpConnection connection(server_->port());
    connection.Write(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_THAT(connection.ReadAll(), StartsWith("HTTP/1.1 404 ")) << path;
  }
}

TEST_F(HttpServerTest, AnswersARouteWithItsStatusTypeAndBody) {
  EXPECT_THAT(Ask("GET /metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Type: text/x\r\n"),
                    HasSubstr("Content-Length: 5\r\n"), EndsWith("\r\n\r\nup 1\n")));
  EXPECT_THAT(Ask("GET /readyz?verbose=1"),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\n\r\ndraining\n")));
}

TEST_F(HttpServerTest, HeadIsGetWithoutTheBody) {
  EXPECT_THAT(Ask("HEAD /metrics"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 5\r\n"),
                    EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, SendsALongBodyWhole) {
  EXPECT_THAT(Ask("GET /big"), EndsWith("\r\n\r\n" + big_));
}

TEST_F(HttpServerTest, ServesNothingButItsRoutes) {
  for (const char* path : {"/", "/metrics/", "/metrics/x", "/METRICS", "/etc/passwd",
                           "/../etc/passwd", "/%2e%2e/etc/passwd", "/favicon.ico"}) {
    EXPECT_THAT(Ask(absl::StrCat("GET ", path)),
                AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("\r\n\r\nnot found\n")))
        << path;
  }
}

TEST_F(HttpServerTest, RefusesOtherMethodsAndNamesTheRightOnes) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_THAT(Ask(absl::StrCat(method, " /metrics"), "Content-Length: 0\r\n"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")))
        << method;
  }
}

TEST_F(HttpServerTest, GivesAPostItsHeadersAndItsWholeBody) {
  EXPECT_THAT(Post("X-Name: a\r\n", "abc"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nX-More: yes\r\n"),
                    EndsWith("\r\n\r\na:abc")));
  const std::string long_body(3'000'000, 'x');
  EXPECT_TRUE(Post("", long_body).ends_with("none:" + long_body));
  EXPECT_THAT(Post("Expect: 100-continue\r\n", "abc"),
              StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
}

TEST_F(HttpServerTest, APostWithoutLengthIsRefused) {
  EXPECT_THAT(Ask("POST /echo", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"),
              StartsWith("HTTP/1.1 411 "));
}

TEST_F(HttpServerTest, ABodyThatDoesNotComeIsNotWaitedForForEver) {
  TcpConnection connection(server_->port());
  connection.Write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(connection.ReadAll(),
              AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("of a body of 10 bytes, 3 came")));
}

TEST_F(HttpServerTest, WhatAReplyHoldsIsHeldUntilItIsSent) {
  TcpConnection connection(server_->port());
  connection.Write("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Read(8), "HTTP/1.1");
  EXPECT_EQ(held_, 1);
  EXPECT_GT(connection.ReadAll().size(), big_.size());
  AwaitAnswered();
  EXPECT_EQ(held_, 0);
}

// Whoever is slow, but never so slow that a single read or write takes too long.
class ImpatientHttpServerTest : public HttpServerTest {
 protected:
  ImpatientHttpServerTest() {
    patience_ = {.body = absl::Milliseconds(50),
                 .reply = absl::ZeroDuration(),
                 .discard = absl::Milliseconds(50)};
  }

  // Whether the server ends a body that comes byte by byte, for hours.
  bool EndsATrickle(const std::string& request_line) {
    TcpConnection connection(server_->port());
    connection.Write(
        absl::StrCat(request_line, " HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    return connection.TrickleUntilClosed(SteadyNow() + absl::Seconds(10));
  }
};

TEST_F(ImpatientHttpServerTest, ABodyThatNobodyReadsHoldsNoThread) {
  for (const char* line : {"GET /metrics", "POST /metrics", "POST /nowhere"}) {
    EXPECT_TRUE(EndsATrickle(line)) << line;
  }
}

TEST_F(ImpatientHttpServerTest, ABodyThatComesTooSlowlyHoldsNoThread) {
  EXPECT_TRUE(EndsATrickle("POST /echo"));
}

TEST_F(ImpatientHttpServerTest, AReplyThatIsReadTooSlowlyIsCutOff) {
  EXPECT_LT(Ask("GET /held").size(), big_.size());
  AwaitAnswered();
  EXPECT_EQ(held_, 0);
  EXPECT_THAT(Ask("GET /metrics"), EndsWith("\r\n\r\nup 1\n"));
}

TEST_F(HttpServerTest, APathKnowsItsOwnMethods) {
  EXPECT_THAT(Ask("GET /echo"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: POST\r\n")));
}

TEST_F(HttpServerTest, AllowsNoOtherOrigin) {
  EXPECT_THAT(Ask("OPTIONS /metrics",
                  "Origin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n"),
              AllOf(StartsWith("HTTP/1.1 405 "), Not(HasSubstr("Access-Control-Allow"))));
  EXPECT_THAT(Ask("GET /metrics", "Origin: http://evil.example\r\n"),
              Not(HasSubstr("Access-Control-Allow")));
}

TEST_F(HttpServerTest, DoesNotSpeakWebSocket) {
  EXPECT_THAT(Ask("GET /metrics",
                  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttpOrTooLong) {
  EXPECT_THAT(Ask("GET /metrics", absl::StrCat("X: ", std::string(20'000, 'x'), "\r\n")),
              Not(StartsWith("HTTP/1.1 200 ")));
  EXPECT_THAT(Ask("\x16\x03\x01"), Not(HasSubstr(" 200 ")));
  EXPECT_THAT(Ask("GET /metrics"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, TwentyHalfOpenConnectionsDoNotDelayAScrape) {
  std::vector<std::unique_ptr<TcpConnection>> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(std::make_unique<TcpConnection>(server_->port()));
    if (i % 2 == 0) idle.back()->Write("GET /met");
  }
  const absl::Time begin = SteadyNow();
  EXPECT_THAT(Ask("GET /metrics"), StartsWith("HTTP/1.1 200 "));
  // Far below the time-out that ends the idle ones: none of them was waited for.
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(1));
}

TEST_F(HttpServerTest, FourHundredHalfOpenConnectionsDelayAScrapeByLessThanItsTimeOut) {
  std::vector<std::unique_ptr<TcpConnection>> idle;
  for (int i = 0; i < 400; ++i) idle.push_back(std::make_unique<TcpConnection>(server_->port()));
  const absl::Time begin = SteadyNow();
  EXPECT_THAT(Ask("GET /metrics"), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(10));  // Prometheus' own
}

TEST_F(HttpServerTest, StopsInSpiteOfAHalfOpenConnection) {
  TcpConnection idle(server_->port());
  idle.Write("GET /met");
  const absl::Time begin = SteadyNow();
  server_.reset();
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(5));
}

TEST_F(HttpServerTest, ABusyPortIsAnErrorThatNamesIt) {
  const std::string address = absl::StrCat("127.0.0.1:", server_->port());
  const auto second = HttpServer::Start(address, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(address), HasSubstr("Address already in use")));
}

TEST(HttpAddressTest, IsHostAndPort) {
  for (const char* address :
       {"", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:8080s", "127.0.0.1:1,127.0.0.1:2", "::1:8080",
        "[::1]", "[]:80", "[::1:80", "x/tmp/socket:1", "a b:80"}) {
    const auto server = HttpServer::Start(address, {});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(server.status().message()),
                HasSubstr(absl::StrCat("found \"", address, "\"")));
  }
}

TEST(HttpAddressTest, MayBeAHostName) {
  if (!KnowsLocalhost()) GTEST_SKIP() << "the name localhost is not known here (no /etc/hosts)";
  const auto server = HttpServer::Start("localhost:0", {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_GT((*server)->port(), 0);
}

TEST(HttpAddressTest, Ipv6NeedsALibraryThatHasIt) {
  const auto server = HttpServer::Start("[::1]:0", {});
  if (server.ok()) return;
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(server.status().message()),
              AllOf(HasSubstr("[::1]:0"),
                    HasSubstr(mg_check_feature(MG_FEATURES_IPV6) ? "cannot listen"
                                                                 : "built without IPv6")));
}

TEST(HttpAddressTest, AnAddressOfAnotherMachineIsAnError) {
  const auto server = HttpServer::Start("192.0.2.1:0", {});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("192.0.2.1:0"));
}

}  // namespace
}  // namespace verdict
