// What the server tells every connection, and does with those that keep to none of it.
#include "server/transport/connection_settings.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/server.h"
#include "tests/server/fixtures/tcp_connection.h"
#include "tests/server/fixtures/tiny_model.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::Contains;
using ::testing::Pair;

uint32_t BigEndian(const std::string& bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

class ConnectionSettingsTest : public ::testing::Test {
 protected:
  ConnectionSettingsTest() {
    ServerOptions options;
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start(options, TinyModel(), absl::ZeroDuration());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  grpc::Status CallWithHeader(size_t bytes) const {
    const auto stub = v1::Classifier::NewStub(grpc::CreateChannel(
        absl::StrCat("127.0.0.1:", server_->grpc_port()), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.AddMetadata("x-much", std::string(bytes, 'x'));
    v1::GetModelResponse response;
    return stub->GetModel(&context, {}, &response);
  }

  std::unique_ptr<Server> server_;
};

// RFC 9113, 6.5: a header of nine bytes, then settings of two bytes with values of four.
TEST_F(ConnectionSettingsTest, ToldToEveryClientBeforeItSaysAnything) {
  TcpConnection connection(server_->grpc_port());
  const std::string header = connection.Read(9);
  ASSERT_EQ(header.size(), 9U);
  ASSERT_EQ(header[3], '\x04');
  const std::string payload = connection.Read(BigEndian(header.substr(0, 3)));
  std::map<uint32_t, uint32_t> settings;
  for (size_t i = 0; i + 6 <= payload.size(); i += 6) {
    settings[BigEndian(payload.substr(i, 2))] = BigEndian(payload.substr(i + 2, 4));
  }
  constexpr uint32_t kMaxConcurrentStreamsId = 3;
  constexpr uint32_t kMaxHeaderListSizeId = 6;
  EXPECT_THAT(settings, Contains(Pair(kMaxConcurrentStreamsId, kMaxConcurrentStreams)));
  EXPECT_THAT(settings, Contains(Pair(kMaxHeaderListSizeId, kMaxMetadataBytes)));
}

TEST_F(ConnectionSettingsTest, HeadersHaveRoomForATokenAndALimit) {
  EXPECT_TRUE(CallWithHeader(kMaxMetadataBytes / 2).ok());
  EXPECT_EQ(CallWithHeader(kMaxMetadataBytes).error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(CallWithHeader(0).ok());
}

TEST_F(ConnectionSettingsTest, FilesAreLimitedByTheHardLimitOnly) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
}

}  // namespace
}  // namespace verdict
