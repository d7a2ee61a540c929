// Callers whose tokens have names, from the file of tokens to what is told of them.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/server.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/metric_page.h"
#include "tests/server/fixtures/tiny_model.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kWebToken[] = "0123456789abcdef-web";
constexpr char kNamelessToken[] = "0123456789abcdef-nameless";

class CallersTest : public ::testing::Test {
 protected:
  CallersTest() {
    std::ofstream(path_) << "web:" << kWebToken << "\n" << kNamelessToken << "\n";
    ServerOptions options;
    options.model_name = "tiny";
    options.auth_token_file = path_;
    options.tracing.slow_call = absl::Nanoseconds(1);
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    auto server = Server::Start(options, TinyModel(), absl::ZeroDuration());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = v1::Classifier::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", server_->grpc_port()), grpc::InsecureChannelCredentials()));
  }
  ~CallersTest() override { std::filesystem::remove(path_); }

  static void SetToken(const std::string& token, grpc::ClientContext* context) {
    context->AddMetadata("authorization", "Bearer " + token);
  }

  void ClassifyBatch(const std::string& token) {
    v1::ClassifyBatchRequest request;
    request.add_inputs()->set_text("good");
    request.add_inputs()->set_text("");
    v1::ClassifyBatchResponse response;
    grpc::ClientContext context;
    SetToken(token, &context);
    const grpc::Status status = stub_->ClassifyBatch(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  void ClassifyStream(const std::string& token) {
    grpc::ClientContext context;
    SetToken(token, &context);
    const auto stream = stub_->ClassifyStream(&context);
    v1::ClassifyStreamRequest request;
    request.mutable_request()->mutable_input()->set_text("good");
    stream->Write(request);
    stream->WritesDone();
    v1::ClassifyStreamResponse response;
    while (stream->Read(&response)) {
    }
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  std::string Post(const std::string& token) const {
    const std::string body = R"({"input":{"text":"good"}})";
    return HttpExchange(
        server_->http_port(),
        absl::StrCat("POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n",
                     "Content-Length: ", body.size(), "\r\nAuthorization: Bearer ", token,
                     "\r\n\r\n", body));
  }

  std::string Texts(const std::string& caller, const std::string& method,
                    const std::string& code = "OK") const {
    return SeriesValue(HttpGet(server_->http_port(), "/metrics"),
                       absl::StrCat("verdict_texts_total{", caller, "code=\"", code, "\",method=\"",
                                    method, "\",model=\"tiny\"}"));
  }

  const std::string path_ = absl::StrCat(::testing::TempDir(), "/callers_tokens_", getpid());
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Classifier::Stub> stub_;
};

TEST_F(CallersTest, TextsAreCountedByTheNameOfTheTokenInEveryMethod) {
  const std::string web = "caller=\"web\",";
  EXPECT_EQ(Texts(web, "Classify"), "0") << "there from the start";
  Post(kWebToken);
  ClassifyBatch(kWebToken);
  ClassifyStream(kWebToken);
  EXPECT_EQ(Texts(web, "Classify"), "1");
  EXPECT_EQ(Texts(web, "ClassifyBatch"), "1");
  EXPECT_EQ(Texts(web, "ClassifyBatch", "InvalidArgument"), "1");
  EXPECT_EQ(Texts(web, "ClassifyStream"), "1");
  EXPECT_EQ(Texts("", "Classify"), "0");
}

TEST_F(CallersTest, ATokenWithoutANameLeavesTheLabelOut) {
  ClassifyBatch(kNamelessToken);
  EXPECT_EQ(Texts("", "ClassifyBatch"), "1");
}

TEST_F(CallersTest, AnUnknownTokenIsNobodys) {
  EXPECT_THAT(Post("0123456789abcdef-other"), HasSubstr("HTTP/1.1 401 "));
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics"), Not(HasSubstr("other")));
}

TEST_F(CallersTest, ASlowCallSaysWhoseItWas) {
  Post(kWebToken);
  const std::string page = HttpExchange(
      server_->http_port(), absl::StrCat("GET /debug/requests HTTP/1.0\r\nAuthorization: Bearer ",
                                         kWebToken, "\r\n\r\n"));
  EXPECT_THAT(page, HasSubstr("\"caller\": \"web\""));
  EXPECT_THAT(page, Not(HasSubstr(kWebToken)));
}

}  // namespace
}  // namespace verdict
