#include "server/http/server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/tcp_connection.h"
#include "tests/server/http/echo.h"

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
    auto server = HttpServer::Start({"127.0.0.1:0"}, Routes(), {.patience = patience_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::vector<HttpRoute> Routes() {
    return {{"/metrics",
             [](const HttpRequest&) {
               return HttpResponse{.content_type = "text/x", .body = "up 1\n"};
             }},
            {"/readyz",
             [](const HttpRequest&) { return HttpResponse{.status = 503, .body = "draining\n"}; }},
            {"/big", [this](const HttpRequest&) { return HttpResponse{.body = big_}; }},
            {"/held",
             [this](const HttpRequest&) { return HttpResponse{.body = big_, .held = Held()}; }},
            Echo::Route()};
  }

  std::shared_ptr<void> Held() {
    ++held_;
    return {nullptr, [this](void*) { --held_; }};
  }

  std::string Ask(const std::string& request_line, const std::string& headers = "") {
    TcpConnection connection(server_->port());
    connection.Write(absl::StrCat(request_line, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                                  headers, "\r\n"));
    return connection.ReadAll();
  }

  std::string Post(const std::string& headers, const std::string& body) {
    TcpConnection connection(server_->port());
    connection.Write(absl::StrCat("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                                  "Content-Length: ", body.size(), "\r\n", headers, "\r\n", body));
    return connection.ReadAll();
  }

  void AwaitAnswered() { server_->AwaitAnswered(SteadyNow() + absl::Seconds(10)); }

  // More than the kernel holds for a reader.
  const std::string big_ = std::string(32'000'000, 'x');  // NOLINT(bugprone-string-constructor)
  HttpPatience patience_;
  std::atomic<int> held_ = 0;
  std::unique_ptr<HttpServer> server_;
};

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
  for (const char* path :
       {"/", "/metrics/", "/metrics/x", "/METRICS", "/etc/passwd", "/favicon.ico"}) {
    EXPECT_THAT(Ask(absl::StrCat("GET ", path)),
                AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("\r\n\r\nnot found\n")))
        << path;
  }
}

TEST_F(HttpServerTest, RefusesOtherMethodsAndNamesTheRightOnes) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    EXPECT_THAT(Ask(absl::StrCat(method, " /metrics"), "Content-Length: 0\r\n"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n")))
        << method;
  }
}

TEST_F(HttpServerTest, GivesAPostItsHeadersAndItsWholeBody) {
  EXPECT_THAT(Post("X-Name: a\r\n", "abc"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nX-More: yes\r\n"),
                    EndsWith("\r\n\r\na@a:abc")));
  const std::string long_body(3'000'000, 'x');
  EXPECT_TRUE(Post("", long_body).ends_with("none@a:" + long_body));
}

TEST_F(HttpServerTest, SaysThatABodyMayComeAndReadsIt) {
  TcpConnection connection(server_->port());
  connection.Write(
      "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(connection.Read(25), "HTTP/1.1 100 Continue\r\n\r\n");
  connection.Write("3\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(connection.ReadAll(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("none@a:abc")));
}

TEST_F(HttpServerTest, ABodyThatIsRefusedIsNotAskedFor) {
  EXPECT_THAT(Ask("POST /echo", "Expect: 100-continue\r\nContent-Length: 4000001\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, WhatAReplyHoldsIsHeldUntilItIsSent) {
  TcpConnection connection(server_->port());
  connection.Write("GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(connection.Read(8), "HTTP/1.1");
  EXPECT_EQ(held_, 1);
  EXPECT_GT(connection.ReadAll().size(), big_.size());
  AwaitAnswered();
  EXPECT_EQ(held_, 0);
}

// Answers a large body only when it is told to.
class Gate final : public HttpWork {
 public:
  struct State {
    absl::Notification begun;
    absl::Notification open;
  };

  explicit Gate(State* state) : state_(state) {}

  std::optional<HttpResponse> Take(uint64_t) override { return std::nullopt; }

  void Answer(std::string body, HttpDone done) override {
    if (body.size() > 100'000) {
      state_->begun.Notify();
      state_->open.WaitForNotification();
    }
    done([] { return HttpResponse{.body = "through"}; });
  }

 private:
  State* const state_;
};

TEST(HttpWorkersTest, ALargeBodyDelaysNoSmallOne) {
  Gate::State gate;
  const auto server = HttpServer::Start(
      {"127.0.0.1:0"},
      {{.path = "/gate", .get = nullptr, .post = [&](const HttpRequest&) -> HttpAnswer {
          return std::make_unique<Gate>(&gate);
        }}});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string head =
      "POST /gate HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ";
  const TcpConnection large((*server)->port());
  large.Write(absl::StrCat(head, "200000\r\n\r\n", std::string(200'000, 'x')));
  gate.begun.WaitForNotification();
  const TcpConnection small((*server)->port());
  small.Write(absl::StrCat(head, "1\r\n\r\nx"));
  EXPECT_THAT(small.ReadAll(), EndsWith("through"));
  gate.open.Notify();
  EXPECT_THAT(large.ReadAll(), EndsWith("through"));
}

// Whoever is slow, but never so slow that a single read or write takes too long.
class ImpatientHttpServerTest : public HttpServerTest {
 protected:
  ImpatientHttpServerTest() {
    patience_ = {.headers = absl::Milliseconds(50),
                 .body = absl::Milliseconds(50),
                 .reply = absl::Milliseconds(50),
                 .most = absl::Milliseconds(50),
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
  TcpConnection connection(server_->port());
  connection.Write("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Read(8), "HTTP/1.1");
  AwaitAnswered();
  EXPECT_EQ(held_, 0);
  EXPECT_LT(connection.ReadAll().size(), big_.size());
  EXPECT_THAT(Ask("GET /metrics"), EndsWith("\r\n\r\nup 1\n"));
}

TEST_F(HttpServerTest, APathKnowsItsOwnMethods) {
  EXPECT_THAT(Ask("GET /echo"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: POST, OPTIONS\r\n")));
}

TEST_F(HttpServerTest, AllowsNoOtherOrigin) {
  EXPECT_THAT(Ask("OPTIONS /metrics",
                  "Origin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n"),
              AllOf(StartsWith("HTTP/1.1 204 "), Not(HasSubstr("Access-Control-Allow"))));
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

TEST_F(HttpServerTest, OneConnectionCarriesManyRequests) {
  TcpConnection connection(server_->port());
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
  connection.Write(request);
  const std::string head = connection.Read(12);
  EXPECT_EQ(head, "HTTP/1.1 200");
  connection.Write(request + request);
  connection.Write("GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string rest = connection.ReadAll();
  EXPECT_THAT(rest, EndsWith("draining\n"));
  EXPECT_THAT(rest, HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(rest, HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(HttpServerTest, Http10KeepsAConnectionOnlyIfAsked) {
  TcpConnection connection(server_->port());
  connection.Write("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(connection.Read(12), "HTTP/1.1 200");
  connection.Write("GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_THAT(connection.ReadAll(), HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(HttpServerTest, AServerThatEndsKeepsNoConnection) {
  server_->AwaitAnswered(SteadyNow());
  TcpConnection connection(server_->port());
  connection.Write("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(connection.ReadAll(), HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(HttpServerTest, MoreConnectionsThanItKeepsDelayNobody) {
  std::vector<std::unique_ptr<TcpConnection>> idle;
  for (int i = 0; i < HttpServer::kMostConnections + 100; ++i) {
    idle.push_back(std::make_unique<TcpConnection>(server_->port()));
    if (i % 2 == 0) idle.back()->Write("GET /met");
  }
  const absl::Time begin = SteadyNow();
  EXPECT_THAT(Ask("GET /metrics"), StartsWith("HTTP/1.1 200 "));
  // Far below the time-out that ends the idle ones: none of them was waited for.
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(1));
  EXPECT_EQ(idle.front()->ReadAll(), "");  // the oldest made room
}

TEST_F(ImpatientHttpServerTest, HeadersThatDoNotComeAreA408) {
  TcpConnection connection(server_->port());
  connection.Write("GET /metrics HTTP/1.1\r\nHost");
  EXPECT_THAT(connection.ReadAll(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(TcpConnection(server_->port()).ReadAll(), "");  // who says nothing is told nothing
}

TEST_F(ImpatientHttpServerTest, ABodyThatDoesNotComeIsA408) {
  TcpConnection connection(server_->port());
  connection.Write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(connection.ReadAll(),
              AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("of a body of 10 bytes, 3 came")));
}

TEST(HttpPatienceTest, GrowsWithWhatHasGoneThroughButNotForEver) {
  const HttpPatience patience;
  EXPECT_EQ(patience.Of(absl::Seconds(3), 0), absl::Seconds(3));
  EXPECT_EQ(patience.Of(absl::Seconds(3), 360'000), absl::Seconds(39));  // at 30 kB/s it took 12 s
  EXPECT_EQ(patience.Of(absl::Seconds(3), 1'000'000'000), absl::Seconds(60));
  EXPECT_EQ(patience.Of(absl::Seconds(90), 0), absl::Seconds(90));
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
  const auto second = HttpServer::Start({address}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(address), HasSubstr("Address already in use")));
}

std::vector<HttpRoute> Up() {
  return {{"/up", [](const HttpRequest&) { return HttpResponse{.body = "up"}; }}};
}

// The answer of whoever listens on `address` to GET /up.
template <typename Address>
std::string AskUp(const Address& address) {
  const int connection = socket(address.first.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string answer;
  const std::string request = "GET /up HTTP/1.0\r\n\r\n";
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address.first), address.second) == 0 &&
      send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char bytes[1000];
    for (ssize_t n; (n = recv(connection, bytes, sizeof(bytes), 0)) > 0;) answer.append(bytes, n);
  }
  close(connection);
  return answer;
}

std::string AskUnix(const std::string& path) {
  std::pair<sockaddr_storage, socklen_t> address = {{}, sizeof(sockaddr_un)};
  auto* unix_address = reinterpret_cast<sockaddr_un*>(&address.first);
  unix_address->sun_family = AF_UNIX;
  path.copy(unix_address->sun_path, sizeof(unix_address->sun_path) - 1);
  return AskUp(address);
}

std::string AskIpv6(int port) {
  std::pair<sockaddr_storage, socklen_t> address = {{}, sizeof(sockaddr_in6)};
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&address.first);
  ipv6->sin6_family = AF_INET6;
  ipv6->sin6_port = htons(static_cast<uint16_t>(port));
  ipv6->sin6_addr = in6addr_loopback;
  return AskUp(address);
}

TEST(HttpListenTest, IsWhereEveryAddressSays) {
  const std::string path = ::testing::TempDir() + "http_listen.sock";
  const auto server = HttpServer::Start({"unix:" + path, "127.0.0.1:0", "127.0.0.1:0"}, Up());
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT(AskUnix(path), EndsWith("\r\n\r\nup"));
  TcpConnection connection((*server)->port());
  connection.Write("GET /up HTTP/1.0\r\n\r\n");
  EXPECT_THAT(connection.ReadAll(), EndsWith("\r\n\r\nup"));
}

TEST(HttpListenTest, Ipv6IsAnAddressLikeAnother) {
  const auto server = HttpServer::Start({"[::1]:0"}, Up());
  if (!server.ok()) GTEST_SKIP() << server.status();
  EXPECT_THAT(AskIpv6((*server)->port()), EndsWith("\r\n\r\nup"));
}

TEST(HttpListenTest, NoAddressIsAnError) {
  for (const char* address : {"", "8080", "::1:80"}) {
    EXPECT_EQ(HttpServer::Start({address}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(HttpListenTest, AnAddressOfAnotherMachineIsAnError) {
  const auto server = HttpServer::Start({"192.0.2.1:0"}, {});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("192.0.2.1:0"));
}

}  // namespace
}  // namespace verdict
