// Who gets in by TLS, and who does not.
#include "server/security/tls_credentials.h"

#include <gmock/gmock.h>

#include "server/server.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/fixtures/raw_call.h"
#include "tests/server/fixtures/tcp_connection.h"
#include "tests/server/security/tls_fixture.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;

TEST_F(TlsTest, AClientThatTrustsTheAuthorityIsServed) {
  Start();
  const grpc::Status status = Call(Connect(Trusting(authority_)));
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(HttpGet(server_->http_port(), "/readyz"), HasSubstr(" 200 "));
}

TEST_F(TlsTest, AClientOfAnotherAuthorityIsNotFooled) {
  Start();
  EXPECT_EQ(Call(Connect(Trusting(CertificateAuthority()))).error_code(), grpc::UNAVAILABLE);
}

TEST_F(TlsTest, PlainTextIsRefused) {
  Start();
  EXPECT_EQ(Call(Connect(grpc::InsecureChannelCredentials())).error_code(), grpc::UNAVAILABLE);
  const TcpConnection connection(server_->grpc_port());
  connection.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_EQ(connection.Read(1000).find('\x04'), std::string::npos);  // no settings
}

TEST_F(TlsTest, ACertificateOfTheClientIsAskedForAndChecked) {
  AskForClientCertificates();
  Start();
  EXPECT_TRUE(Call(Connect(Trusting(authority_, authority_.Issue()))).ok());

  EXPECT_EQ(Call(Connect(Trusting(authority_))).error_code(), grpc::UNAVAILABLE);
  const CertifiedKey anothers = CertificateAuthority().Issue();
  EXPECT_EQ(Call(Connect(Trusting(authority_, anothers))).error_code(), grpc::UNAVAILABLE);
  const absl::Time now = absl::Now();
  const CertifiedKey expired =
      authority_.Issue({.begin = now - absl::Hours(2), .end = now - absl::Hours(1)});
  EXPECT_EQ(Call(Connect(Trusting(authority_, expired))).error_code(), grpc::UNAVAILABLE);
}

TEST_F(TlsTest, ProbesThatKnowNoTlsHaveAPortWithHealthAlone) {
  AskForClientCertificates();
  Start();
  const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->health_port()),
                                           grpc::InsecureChannelCredentials());
  EXPECT_EQ(Health(channel, ""), "SERVING");
  EXPECT_EQ(Health(channel, "verdict.v1.Classifier"), "SERVING");
  EXPECT_EQ(Call(channel).error_code(), grpc::UNIMPLEMENTED);
  const std::string list_services("\x3A\x00", 2);
  EXPECT_EQ(RawCall(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                    list_services)
                .error_code(),
            grpc::UNIMPLEMENTED);
  server_->Drain({});
  EXPECT_EQ(Health(channel, ""), "NOT_SERVING");
  EXPECT_EQ(Health(channel, "verdict.v1.Classifier"), "NOT_SERVING");
}

TEST_F(TlsTest, ThePortForProbesTakesNoLargeAndNoCompressedRequest) {
  Start();
  const std::string address = absl::StrCat("127.0.0.1:", server_->health_port());
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    grpc::ChannelArguments arguments;
    arguments.SetCompressionAlgorithm(algorithm);
    const auto compressing =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    EXPECT_EQ(Health(compressing, std::string(900, 'x')),
              absl::StrCat("code ", grpc::UNIMPLEMENTED));
  }
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  EXPECT_EQ(Health(channel, std::string(900, 'x')), absl::StrCat("code ", grpc::NOT_FOUND));
  EXPECT_EQ(Health(channel, std::string(5000, 'x')),
            absl::StrCat("code ", grpc::RESOURCE_EXHAUSTED));
  EXPECT_EQ(Health(channel, ""), "SERVING");
}

TEST_F(TlsTest, ItSaysWhenItsCertificateExpires) {
  const absl::Time end = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) + 7200);
  Rotate(authority_.Issue({.end = end}));
  Start();
  EXPECT_THAT(HttpGet(server_->http_port(), "/metrics"),
              HasSubstr(absl::StrCat("\nverdict_tls_certificate_expiry_timestamp_seconds ",
                                     absl::ToUnixSeconds(end), "\n")));
}

TEST_F(TlsTest, BadFilesAreAnErrorBeforeAnyPortOpens) {
  WriteFile(paths_.key, authority_.Issue().key);
  ServerOptions options;
  options.grpc_addresses = {"127.0.0.1:0"};
  options.tls = paths_;
  const absl::Status status = Server::Start(options, TinyModel(), absl::ZeroDuration()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--tls-key"));
}

}  // namespace
}  // namespace verdict
