// The HTTP port is no way around what guards the gRPC port.
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/server.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/tiny_model.h"
#include "tests/server/security/tls_fixture.h"

namespace verdict {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class JsonEntryTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options) {
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    Model model = TinyModel();
    engine_ = &EngineOf(model);
    auto server = Server::Start(options, std::move(model), absl::ZeroDuration());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  std::string Classify(const std::string& header = "") const {
    const std::string body = R"({"input":{"text":"good"}})";
    return HttpExchange(server_->http_port(),
                        absl::StrCat("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: "
                                     "application/json\r\nContent-Length: ",
                                     body.size(), "\r\n", header, "\r\n", body));
  }

  FakeEngine* engine_ = nullptr;
  std::unique_ptr<Server> server_;
};

TEST_F(JsonEntryTest, AsksForTheSameToken) {
  ServerOptions options;
  options.auth_token_file = ::testing::TempDir() + "json_entry_tokens";
  std::ofstream(options.auth_token_file) << "let-me-in-0123456789\n";
  Start(options);
  for (const char* header :
       {"", "Authorization: Bearer wrong\r\n", "Authorization: let-me-in-0123456789\r\n",
        "Authorization: Bearer let-me-in-0123456789\xff\r\n"}) {
    EXPECT_THAT(Classify(header),
                AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"),
                      HasSubstr("{\"code\":16,")))
        << header;
  }
  EXPECT_THAT(HttpGet(server_->http_port(), "/v1/model"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Classify("Authorization: Bearer let-me-in-0123456789\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

// Before a body that never comes, and whatever the headers say of it.
TEST_F(JsonEntryTest, TheTokenIsLookedAtBeforeTheBody) {
  ServerOptions options;
  options.auth_token_file = ::testing::TempDir() + "json_entry_first_tokens";
  std::ofstream(options.auth_token_file) << "let-me-in-to-see-it\n";
  Start(options);
  const std::string head = "POST /v1/classify HTTP/1.1\r\nHost: a\r\n";
  for (const char* rest :
       {"Content-Type: application/json\r\nContent-Length: 380000\r\n\r\n",
        "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", "\r\n",
        "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"no\":1}}",
        "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"}) {
    EXPECT_THAT(HttpExchange(server_->http_port(), absl::StrCat(head, rest)),
                StartsWith("HTTP/1.1 401 "))
        << rest;
  }
}

TEST_F(JsonEntryTest, ADrainAnswersWhatWasAcceptedAndRefusesTheRest) {
  Start({});
  engine_->Hold();
  std::string accepted;
  std::thread call([&] { accepted = Classify(); });
  engine_->AwaitRuns(1);
  std::thread drain([&] { server_->Drain({.timeout = absl::InfiniteDuration()}); });
  // One that comes before the drain is accepted, and cannot be answered while the engine is held.
  std::string refused;
  do {
    refused = Classify("Grpc-Timeout: 50m\r\n");
  } while (absl::StartsWith(refused, "HTTP/1.1 504 "));
  EXPECT_THAT(refused, AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("the server is draining")));
  engine_->Release();
  call.join();
  drain.join();
  EXPECT_THAT(accepted, StartsWith("HTTP/1.1 200 "));
}

class JsonEntryTlsTest : public TlsTest {};

TEST_F(JsonEntryTlsTest, IsClosedWhereAClientMustShowACertificate) {
  AskForClientCertificates();
  Start();
  const std::string classify =
      "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
      "Content-Type: application/json\r\n\r\n{}";
  EXPECT_THAT(HttpExchange(server_->http_port(), classify),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("--tls-client-ca")));
  EXPECT_THAT(HttpGet(server_->http_port(), "/v1/model"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace verdict
