// A server with TLS, its files, and clients of all kinds.
#ifndef VERDICT_TESTS_SERVER_SECURITY_TLS_FIXTURE_H_
#define VERDICT_TESTS_SERVER_SECURITY_TLS_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/server.h"
#include "tests/server/fixtures/certificates.h"
#include "tests/server/fixtures/tiny_model.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() { Rotate(authority_.Issue()); }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  // Clients must show a certificate of the authority from Start on.
  void AskForClientCertificates() {
    paths_.client_ca = directory_ + "/ca.crt";
    WriteFile(paths_.client_ca, authority_.certificate());
  }

  void Start() {
    ServerOptions options;
    options.grpc_addresses = {"127.0.0.1:0"};
    options.http_addresses = {"127.0.0.1:0"};
    options.tls = paths_;
    options.health_addresses = {"127.0.0.1:0"};
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start(options, TinyModel(), absl::ZeroDuration());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Writes one file after the other, as a tool that knows nothing of us.
  void Rotate(const CertifiedKey& pair) const {
    WriteFile(paths_.certificate, pair.certificate);
    WriteFile(paths_.key, pair.key);
  }

  // A new connection, never shared with other channels.
  std::shared_ptr<grpc::Channel> Connect(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->grpc_port()), credentials,
                                     arguments);
  }

  static std::shared_ptr<grpc::ChannelCredentials> Trusting(const CertificateAuthority& authority,
                                                            const CertifiedKey& own = {}) {
    return grpc::SslCredentials({authority.certificate(), own.key, own.certificate});
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
    v1::ClassifyRequest request;
    request.mutable_input()->set_text("good");
    v1::ClassifyResponse response;
    return v1::Classifier::NewStub(channel)->Classify(&context, request, &response);
  }

  const CertificateAuthority authority_;
  const std::string directory_ = [] {
    std::string name = ::testing::TempDir() + "tls_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }();
  TlsPaths paths_ = {.certificate = directory_ + "/tls.crt", .key = directory_ + "/tls.key"};
  std::unique_ptr<Server> server_;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_SECURITY_TLS_FIXTURE_H_
