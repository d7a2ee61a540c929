// What a client wants to see, and shows, on connections of a real gRPC server.
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_classifier.h"
#include "tests/server/fixtures/certificates.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

class CredentialsTest : public ::testing::Test {
 protected:
  ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

  // The path of a new file with this text.
  std::string File(const std::string& name, const std::string& text) const {
    std::string path = folder_ + "/" + name;
    WriteFile(path, text);
    return path;
  }

  // What a server shows, and asks for if `ask`.
  std::shared_ptr<grpc::ServerCredentials> ServerTls(bool ask) const {
    grpc::SslServerCredentialsOptions tls(
        ask ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
            : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    tls.pem_root_certs = authority_.certificate();
    tls.pem_key_cert_pairs = {{.private_key = pair_.key, .cert_chain = pair_.certificate}};
    return grpc::SslServerCredentials(tls);
  }

  static absl::Status Call(const ClientOptions& options) {
    const absl::StatusOr<Client> client = Client::Open(options);
    return client.ok() ? client->GetModel().status() : client.status();
  }

  const std::string folder_ = [] {
    std::string name = ::testing::TempDir() + "credentials_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }();
  const CertificateAuthority authority_;
  const CertifiedKey pair_ = authority_.Issue();
  const std::string ca_ = File("ca.crt", authority_.certificate());
  const std::string cert_ = File("tls.crt", pair_.certificate);
  const std::string key_ = File("tls.key", pair_.key);
};

TEST_F(CredentialsTest, AnAuthorityTurnsTlsOn) {
  FakeClassifier service(ServerTls(/*ask=*/false));
  EXPECT_EQ(Call({.server = service.address(), .tls_ca = ca_}), absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(Call({.server = service.address(), .attempts = 1})));
}

TEST_F(CredentialsTest, AServerOfAnotherAuthorityIsNotTrusted) {
  FakeClassifier service(ServerTls(/*ask=*/false));
  const std::string other = File("other.crt", CertificateAuthority().certificate());
  const absl::Status status = Call({.server = service.address(), .attempts = 1, .tls_ca = other});
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(CredentialsTest, AServerMustHaveTheName) {
  FakeClassifier service(ServerTls(/*ask=*/false));
  ClientOptions options = {.server = service.address(), .attempts = 1, .tls_ca = ca_};
  options.tls_server_name = "localhost";
  EXPECT_EQ(Call(options), absl::OkStatus());
  options.tls_server_name = "other.example";
  EXPECT_TRUE(absl::IsUnavailable(Call(options)));
}

TEST_F(CredentialsTest, AListOfServersHasOneName) {
  FakeClassifier first(ServerTls(/*ask=*/false)), second(ServerTls(/*ask=*/false));
  ClientOptions options = {.server = absl::StrCat(first.address(), ",", second.address()),
                           .tls_ca = ca_};
  EXPECT_THAT(Call(options).message(), HasSubstr("a list of servers needs tls_server_name"));
  options.tls_server_name = "localhost";
  EXPECT_EQ(Call(options), absl::OkStatus());
}

TEST_F(CredentialsTest, ShowsItsCertificateToAServerThatAsks) {
  FakeClassifier service(ServerTls(/*ask=*/true));
  ClientOptions options = {.server = service.address(), .attempts = 1, .tls_ca = ca_};
  EXPECT_TRUE(absl::IsUnavailable(Call(options)));
  options.tls_cert = cert_;
  options.tls_key = key_;
  EXPECT_EQ(Call(options), absl::OkStatus());
}

TEST_F(CredentialsTest, FilesMustBeWhatTheyShouldAndFitTogether) {
  const auto message = [](const ClientOptions& options) {
    const absl::Status status = Client::Open(options).status();
    return std::string(status.message());
  };
  const std::string key_of_another = File("other.key", authority_.Issue().key);
  EXPECT_EQ(message({.tls_ca = key_}), "tls_ca " + key_ + ": expected certificates in PEM");
  EXPECT_EQ(message({.tls_ca = ca_, .tls_cert = cert_}), "tls_cert and tls_key need each other");
  EXPECT_EQ(message({.tls_ca = ca_, .tls_cert = key_, .tls_key = key_}),
            "tls_cert " + key_ + ": expected a certificate in PEM");
  EXPECT_EQ(message({.tls_ca = ca_, .tls_cert = cert_, .tls_key = cert_}),
            "tls_key " + cert_ + ": expected a private key in PEM, without a password");
  EXPECT_EQ(message({.tls_ca = ca_, .tls_cert = cert_, .tls_key = key_of_another}),
            "tls_key " + key_of_another + ": expected the key of the certificate in tls_cert");
  EXPECT_THAT(message({.tls_server_name = "x"}), HasSubstr("need tls_ca"));
  EXPECT_TRUE(absl::IsNotFound(Client::Open({.tls_ca = folder_ + "/absent"}).status()));
}

TEST_F(CredentialsTest, ShowsItsTokenWithTlsAndWithout) {
  const auto wants_token = [](grpc::ServerContext* context) {
    const auto token = context->client_metadata().find("authorization");
    return token != context->client_metadata().end() && token->second == "Bearer secret"
               ? grpc::Status::OK
               : grpc::Status(grpc::UNAUTHENTICATED, "no token");
  };
  const std::string token = File("token", " secret \nold\n");
  FakeClassifier plain, encrypted(ServerTls(/*ask=*/false));
  plain.before = encrypted.before = wants_token;
  EXPECT_TRUE(absl::IsUnauthenticated(Call({.server = plain.address()})));
  EXPECT_EQ(Call({.server = plain.address(), .token_file = token}), absl::OkStatus());
  EXPECT_EQ(Call({.server = encrypted.address(), .tls_ca = ca_, .token_file = token}),
            absl::OkStatus());
}

}  // namespace
}  // namespace verdict
