// What is shown to whoever looks for a fault, and to whom.
#include "server/api/debug_routes.h"

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/log/log.h"
#include "server/server.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/tiny_model.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class DebugRoutesTest : public ::testing::Test {
 protected:
  // Lines go to nobody, but their level is one that can be set.
  DebugRoutesTest() { StartLogging({}, fileno(log_)); }

  ~DebugRoutesTest() override {
    server_.reset();
    StartLogging({});
    std::fclose(log_);
  }

  void Start(ServerOptions options = {}) {
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    options.model_name = "tiny";
    auto server = Server::Start(options, TinyModel(), absl::ZeroDuration());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::string Post(const std::string& path, const std::string& body,
                   const std::string& headers = "") const {
    return HttpExchange(server_->http_port(),
                        absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\n", headers,
                                     "Content-Type: application/json\r\nContent-Length: ",
                                     body.size(), "\r\n\r\n", body));
  }

  std::string Get(const std::string& path) const { return HttpGet(server_->http_port(), path); }

  static nlohmann::json Body(const std::string& response) {
    return nlohmann::json::parse(response.substr(response.find("\r\n\r\n") + 4));
  }

  std::FILE* const log_ = std::tmpfile();
  std::unique_ptr<Server> server_;
};

TEST_F(DebugRoutesTest, RequestsShowsWhatCameOverHttpToo) {
  Start();
  const std::string answer =
      Post("/v1/classify", R"({"input":{"text":"good film"}})",
           "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "),
                            HasSubstr("\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-")));
  const std::string response = Get("/debug/requests");
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
  const nlohmann::json requests = Body(response);
  EXPECT_THAT(requests["failed"], SizeIs(0));
  ASSERT_THAT(requests["slowest"], SizeIs(1));
  EXPECT_EQ(requests["slowest"][0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(requests["slowest"][0]["tokens"], 4);
  EXPECT_THAT(requests["slowest"][0]["peer"].get<std::string>(), StartsWith("ipv4:127.0.0.1:"));
}

TEST_F(DebugRoutesTest, OptionsAreThoseInForce) {
  ServerOptions options;
  options.in_force = {{.name = "--threads", .value = "3", .is_default = false},
                      {.name = "--precision", .value = "f32"}};
  Start(options);
  const nlohmann::json shown = Body(Get("/debug/options"))["options"];
  ASSERT_THAT(shown, SizeIs(2));
  EXPECT_EQ(shown[0], (nlohmann::json{{"name", "--threads"}, {"value", "3"}, {"default", false}}));
  EXPECT_EQ(shown[1]["default"], true);
}

TEST_F(DebugRoutesTest, AWrongTraceNeverReachesGrpc) {
  Start();
  for (const char* headers :
       {"traceparent: nonsense\r\n", "traceparent: \x01\xff\r\n",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
        "tracestate: a=\x7f\xff\r\n",
        "traceparent: cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-\xff\r\n"
        "tracestate: a=1,\tb=2\r\n"}) {
    EXPECT_THAT(Post("/v1/classify", R"({"input":{"text":"good"}})", headers),
                ::testing::ContainsRegex("HTTP/1.1 (200|400) "))
        << headers;
  }
}

TEST_F(DebugRoutesTest, TheLogLevelCanBeSeenAndSet) {
  Start();
  EXPECT_THAT(Get("/debug/log-level"), EndsWith("{\"level\":\"info\"}\n"));
  EXPECT_THAT(Post("/debug/log-level?level=debug", ""), EndsWith("{\"level\":\"debug\"}\n"));
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kDebug);
  EXPECT_THAT(Post("/debug/log-level", R"({"level":"error"})"),
              EndsWith("{\"level\":\"error\"}\n"));
  EXPECT_THAT(Get("/debug/log-level"), EndsWith("{\"level\":\"error\"}\n"));
}

TEST_F(DebugRoutesTest, AnUnknownLevelIsRefused) {
  Start();
  for (const char* body : {"", "{}", "debug", R"({"level":"loud"})", R"({"level":3})"}) {
    EXPECT_THAT(Post("/debug/log-level", body),
                AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("debug, info, warning or error")))
        << body;
  }
  EXPECT_THAT(Post("/debug/log-level", std::string(2000, ' ')), StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kInfo);
}

TEST_F(DebugRoutesTest, IsForThoseWhoHaveAToken) {
  ServerOptions options;
  options.auth_token_file = ::testing::TempDir() + "debug_routes_tokens";
  std::ofstream(options.auth_token_file) << "let-me-in-0123456789\n";
  Start(options);
  EXPECT_THAT(Get("/debug/requests"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Get("/debug/log-level"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Post("/debug/log-level?level=debug", ""), StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kInfo);
  EXPECT_THAT(
      Post("/debug/log-level?level=debug", "", "Authorization: Bearer let-me-in-0123456789\r\n"),
      StartsWith("HTTP/1.1 200 "));
}

TEST_F(DebugRoutesTest, APageOfAnotherOriginIsRefused) {
  Start();
  EXPECT_THAT(Post("/debug/log-level?level=debug", "", "Sec-Fetch-Site: cross-site\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kInfo);
}

}  // namespace
}  // namespace verdict
