#include "server/security/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/certificates.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() { Write(authority_.Issue()); }
  ~TlsFilesTest() override { std::filesystem::remove_all(directory_); }

  void Write(const CertifiedKey& pair) const {
    WriteFile(paths_.certificate, pair.certificate);
    WriteFile(paths_.key, pair.key);
  }

  std::string Refusal() const {
    const absl::Status status = ReadTlsFiles(paths_, absl::Now()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  }

  TlsFiles Read() const {
    absl::StatusOr<TlsFiles> files = ReadTlsFiles(paths_, absl::Now());
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? *std::move(files) : TlsFiles();
  }

  const CertificateAuthority authority_;
  std::string directory_ = [] {
    std::string name = ::testing::TempDir() + "tls_files_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }();
  TlsPaths paths_ = {.certificate = directory_ + "/tls.crt", .key = directory_ + "/tls.key"};
};

TEST_F(TlsFilesTest, APairIsReadWithItsExpiry) {
  const absl::Time end = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) + 7200);
  const CertifiedKey pair = authority_.Issue({.end = end});
  Write(pair);
  const TlsFiles files = Read();
  EXPECT_EQ(files.certificate, pair.certificate);
  EXPECT_EQ(files.key, pair.key);
  EXPECT_EQ(files.expiry, end);
  EXPECT_EQ(files.client_ca, "");
}

TEST_F(TlsFilesTest, AChainMayFollowTheCertificate) {
  const CertifiedKey pair = authority_.Issue();
  Write({pair.certificate + authority_.certificate(), pair.key});
  EXPECT_EQ(Read().certificate, pair.certificate + authority_.certificate());
  Write({authority_.certificate() + pair.certificate, pair.key});
  EXPECT_THAT(Refusal(), HasSubstr("found another certificate's"));
}

TEST_F(TlsFilesTest, WhatIsMissingIsNamed) {
  paths_.certificate = "no/such.crt";
  EXPECT_EQ(Refusal(),
            "--tls-cert is \"no/such.crt\"; expected a file that can be read, found "
            "\"no/such.crt\": No such file or directory");
  paths_.certificate = directory_;
  EXPECT_THAT(Refusal(), HasSubstr("expected a file, found something else"));
}

TEST_F(TlsFilesTest, APipeIsNotWaitedFor) {
  paths_.key = directory_ + "/pipe";
  ASSERT_EQ(mkfifo(paths_.key.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr("--tls-key"));
}

TEST_F(TlsFilesTest, AKeyMustBeTheCertificates) {
  WriteFile(paths_.key, authority_.Issue().key);
  EXPECT_EQ(Refusal(),
            absl::StrCat("--tls-key is \"", paths_.key, "\"; expected the key of --tls-cert \"",
                         paths_.certificate, "\", found another certificate's"));
}

TEST_F(TlsFilesTest, WhatIsNotPemIsRefusedAndNotQuoted) {
  const std::string certificate = authority_.Issue().certificate;
  for (const std::string& bad : {std::string("secret"), std::string(), certificate.substr(0, 99)}) {
    Write({bad, "secret"});
    EXPECT_THAT(Refusal(), HasSubstr("--tls-cert"));
    EXPECT_THAT(Refusal(), Not(HasSubstr("secret")));
  }
  Write({certificate + certificate.substr(0, 99), "secret"});
  EXPECT_THAT(Refusal(), HasSubstr("a broken one after the first 1"));
  WriteFile(paths_.certificate, certificate);
  EXPECT_THAT(Refusal(), HasSubstr("expected a private key in PEM, not encrypted, found none"));
}

TEST_F(TlsFilesTest, ACertificateMustBeValidNow) {
  const absl::Time now = absl::Now();
  Write(authority_.Issue({.begin = now - absl::Hours(2), .end = now - absl::Hours(1)}));
  EXPECT_THAT(Refusal(), HasSubstr("expected a certificate that is valid now, found one from"));
  Write(authority_.Issue({.begin = now + absl::Hours(1)}));
  EXPECT_THAT(Refusal(), HasSubstr("valid now"));
}

TEST_F(TlsFilesTest, TheClientsAuthorityMustBeACertificate) {
  paths_.client_ca = directory_ + "/ca.crt";
  WriteFile(paths_.client_ca, "none");
  EXPECT_THAT(Refusal(), HasSubstr("--tls-client-ca"));
  WriteFile(paths_.client_ca, authority_.certificate());
  EXPECT_EQ(Read().client_ca, authority_.certificate());
}

TEST_F(TlsFilesTest, AChangeIsTakenOnceASecondAndOnlyOnce) {
  const absl::Time start = SteadyNow();
  WatchedTlsFiles watched(paths_, Read(), start);
  EXPECT_TRUE(watched.TakeNew(start, absl::Now()).has_value());
  EXPECT_FALSE(watched.TakeNew(start + absl::Seconds(2), absl::Now()).has_value());
  const CertifiedKey next = authority_.Issue();
  Write(next);
  EXPECT_FALSE(watched.TakeNew(start + absl::Seconds(2.9), absl::Now()).has_value());
  const std::optional<TlsFiles> files = watched.TakeNew(start + absl::Seconds(3), absl::Now());
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->certificate, next.certificate);
  EXPECT_FALSE(watched.TakeNew(start + absl::Seconds(5), absl::Now()).has_value());
}

TEST_F(TlsFilesTest, AStepOfTheWallClockChangesNothing) {
  const absl::Time start = SteadyNow();
  const absl::Time date = absl::Now();
  WatchedTlsFiles watched(paths_, Read(), start);
  EXPECT_TRUE(watched.TakeNew(start, date).has_value());
  Write(authority_.Issue());
  EXPECT_FALSE(watched.TakeNew(start + absl::Seconds(0.5), date + absl::Hours(1)).has_value());
  EXPECT_TRUE(watched.TakeNew(start + absl::Seconds(1), date - absl::Minutes(50)).has_value());
}

TEST_F(TlsFilesTest, HalfOfANewPairIsNeverTaken) {
  const absl::Time start = SteadyNow();
  WatchedTlsFiles watched(paths_, Read(), start);
  EXPECT_TRUE(watched.TakeNew(start, absl::Now()).has_value());
  const CertifiedKey next = authority_.Issue();
  WriteFile(paths_.certificate, next.certificate);
  EXPECT_FALSE(watched.TakeNew(start + absl::Seconds(1), absl::Now()).has_value());
  std::filesystem::remove(paths_.key);
  EXPECT_FALSE(watched.TakeNew(start + absl::Seconds(2), absl::Now()).has_value());
  WriteFile(paths_.key, next.key);
  const std::optional<TlsFiles> files = watched.TakeNew(start + absl::Seconds(3), absl::Now());
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->key, next.key);
}

}  // namespace
}  // namespace verdict
