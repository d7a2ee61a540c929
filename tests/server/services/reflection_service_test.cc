#include "server/services/reflection_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/server.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/tiny_model.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

constexpr char kV1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kV1Alpha[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
const std::string& ListServices() {
  static const auto& bytes = *new std::string("\x3A\x00", 2);
  return bytes;
}

class ReflectionServiceTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    auto server = Server::Start(options, TinyModel(), absl::ZeroDuration());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->grpc_port()),
                                   grpc::InsecureChannelCredentials());
  }

  static auto Threads() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
  }

  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ReflectionServiceTest, BothNamesListAllServices) {
  Start();
  for (const char* method : {kV1, kV1Alpha}) {
    RawStream stream(channel_, method, ListServices());
    const std::optional<std::string> reply = stream.Read();
    ASSERT_TRUE(reply.has_value()) << method;
    for (const char* service :
         {"verdict.v1.Classifier", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection"}) {
      EXPECT_THAT(*reply, HasSubstr(service)) << method;
    }
  }
}

TEST_F(ReflectionServiceTest, AnErrorResponseDoesNotEndTheStream) {
  Start();
  RawStream stream(channel_, kV1, "\x22\x01x");  // file_containing_symbol = "x"
  const std::optional<std::string> refusal = stream.Read();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_THAT(*refusal, HasSubstr("symbol x"));
  stream.Write(ListServices());
  const std::optional<std::string> reply = stream.Read();
  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(*reply, HasSubstr("verdict.v1.Classifier"));
}

TEST_F(ReflectionServiceTest, ABadOrTooLongRequestEndsItsStream) {
  Start();
  RawStream bad(channel_, kV1, "\x3A");
  EXPECT_EQ(bad.Read(), std::nullopt);
  EXPECT_EQ(bad.Finish().error_code(), grpc::INVALID_ARGUMENT);
  RawStream longer(channel_, kV1,
                   absl::StrCat("\x22\x81\x20", std::string(4097, 'x')));  // of 4097 bytes
  EXPECT_EQ(longer.Read(), std::nullopt);
  const grpc::Status status = longer.Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("4100 bytes; expected at most 4096"));
}

TEST_F(ReflectionServiceTest, AsksForAToken) {
  ServerOptions options;
  options.auth_token_file = ::testing::TempDir() + "reflection_tokens";
  std::ofstream(options.auth_token_file) << "let-me-in-0123456789\n";
  Start(options);
  for (const char* method : {kV1, kV1Alpha}) {
    RawStream stranger(channel_, method, ListServices());
    EXPECT_EQ(stranger.Read(), std::nullopt);
    EXPECT_EQ(stranger.Finish().error_code(), grpc::UNAUTHENTICATED);
    RawStream wrong(channel_, method, ListServices(), "Bearer wrong");
    EXPECT_EQ(wrong.Read(), std::nullopt);
    EXPECT_EQ(wrong.Finish().error_code(), grpc::UNAUTHENTICATED);
    RawStream known(channel_, method, ListServices(), "Bearer let-me-in-0123456789");
    EXPECT_TRUE(known.Read().has_value());
  }
}

TEST_F(ReflectionServiceTest, OneStreamTooManyEndsTheOldestAndNoneHoldsAThread) {
  Start();
  std::deque<RawStream> streams;
  const auto open = [&] {
    streams.emplace_back(channel_, kV1, ListServices());
    EXPECT_TRUE(streams.back().Read().has_value());
  };
  open();
  const auto threads = Threads();
  while (streams.size() < ReflectionService::kMostStreams) open();
  EXPECT_LE(Threads(), threads + 8);  // gRPC's pool may have grown
  streams.back().Write(ListServices());
  EXPECT_TRUE(streams.back().Read().has_value());
  open();
  EXPECT_EQ(streams.front().Read(), std::nullopt);
  EXPECT_EQ(streams.front().Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
  streams[1].Write(ListServices());
  EXPECT_TRUE(streams[1].Read().has_value());
}

TEST_F(ReflectionServiceTest, CanBeTurnedOff) {
  ServerOptions options;
  options.reflection = false;
  Start(options);
  for (const char* method : {kV1, kV1Alpha}) {
    RawStream stream(channel_, method, ListServices());
    EXPECT_EQ(stream.Read(), std::nullopt);
    EXPECT_EQ(stream.Finish().error_code(), grpc::UNIMPLEMENTED);
  }
}

}  // namespace
}  // namespace verdict
