// What callers can do to a real verdictd by way of its log.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/certificates.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/tcp_connection.h"
#include "tests/server/fixtures/verdictd_process.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

// verdictd with TLS.
class UnreadLogTest : public ::testing::Test {
 protected:
  UnreadLogTest() {
    const CertifiedKey pair = authority_.Issue();
    WriteFile(directory_ + "/tls.crt", pair.certificate);
    WriteFile(directory_ + "/tls.key", pair.key);
    verdictd_ = std::make_unique<VerdictdProcess>(std::vector<std::string>{
        "--model=" VERDICT_SOURCE_DIR "/models/demo", "--threads=1",
        "--tls-cert=" + directory_ + "/tls.crt", "--tls-key=" + directory_ + "/tls.key"});
    verdictd_->AwaitServing();
  }
  ~UnreadLogTest() override { std::filesystem::remove_all(directory_); }

  // Connections that are no TLS, each of which gRPC logs.
  void SendJunk(int connections) const {
    for (int i = 0; i < connections; ++i) {
      const TcpConnection connection(verdictd_->grpc_port());
      connection.Write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      connection.ReadAll();
    }
  }

  grpc::Status Call() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // each handshakes
    const auto channel = grpc::CreateCustomChannel(
        verdictd_->grpc_address(), grpc::SslCredentials({authority_.certificate(), "", ""}),
        arguments);
    grpc::ClientContext context;
    context.set_deadline(WallTime(SteadyNow() + absl::Seconds(20)));
    v1::ClassifyRequest request;
    request.mutable_input()->set_text("good");
    v1::ClassifyResponse response;
    return v1::Classifier::NewStub(channel)->Classify(&context, request, &response);
  }

  double Metric(const std::string& series) const {
    const std::string page = HttpGet(verdictd_->http_port(), "/metrics");
    const size_t begin = page.find("\n" + series + " ");
    if (begin == std::string::npos) return -1;
    const size_t value = begin + series.size() + 2;
    double number = -1;
    EXPECT_TRUE(absl::SimpleAtod(page.substr(value, page.find('\n', value) - value), &number));
    return number;
  }

  const CertificateAuthority authority_;
  const std::string directory_ = [] {
    std::string name = ::testing::TempDir() + "unread_log_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }();
  std::unique_ptr<VerdictdProcess> verdictd_;
};

TEST_F(UnreadLogTest, CallsAndTheDrainGoOnWhenNobodyReadsTheLog) {
  verdictd_->StopReading();
  SendJunk(50);
  const grpc::Status status = Call();
  EXPECT_TRUE(status.ok()) << status.error_message();
  const absl::Time start = SteadyNow();
  verdictd_->Signal(SIGTERM);
  EXPECT_EQ(verdictd_->WaitUnread(), 0);
  EXPECT_LT(SteadyNow() - start, absl::Seconds(20));  // an idle server needs 0.1 s
}

TEST_F(UnreadLogTest, JunkWritesTenLinesASecondAtMostAndIsCounted) {
  constexpr int kConnections = 200;
  const absl::Time start = SteadyNow();
  SendJunk(kConnections);
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(Metric("verdict_grpc_refused_total{reason=\"tls_handshake\"}"), kConnections);
  EXPECT_GT(Metric("verdict_log_lines_dropped_total{reason=\"limit\"}"), 0);
  EXPECT_EQ(Metric("verdict_log_lines_dropped_total{reason=\"unread\"}"), 0);
  verdictd_->Signal(SIGTERM);
  EXPECT_EQ(verdictd_->Wait(), 0);
  const double seconds = absl::ToDoubleSeconds(SteadyNow() - start);
  const std::string& log = verdictd_->log();
  EXPECT_THAT(log, HasSubstr("callers caused more lines than are logged"));
  // Five lines are ours: loaded, a warning, serving, draining, drained.
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 10 * (seconds + 1) + 5);
}

}  // namespace
}  // namespace verdict
