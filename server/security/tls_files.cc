#include "server/security/tls_files.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/log/log.h"
#include "server/process/small_file.h"

namespace verdict {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

Bio Reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Instead of asking on the terminal for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Status Refusal(const char* option, const std::string& path, absl::string_view expected,
                     absl::string_view found) {
  return absl::InvalidArgumentError(
      absl::StrCat(option, " is \"", path, "\"; expected ", expected, ", found ", found));
}

absl::StatusOr<std::string> Read(const char* option, const std::string& path) {
  absl::StatusOr<std::string> bytes = ReadSmallFile(path);
  if (bytes.ok()) return bytes;
  return Refusal(option, path, "a file that can be read", bytes.status().message());
}

absl::StatusOr<std::vector<Certificate>> ParseCertificates(const char* option,
                                                           const std::string& path,
                                                           const std::string& pem) {
  std::vector<Certificate> certificates;
  const Bio reader = Reader(pem);
  ERR_clear_error();
  while (X509* next = PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr)) {
    certificates.emplace_back(next);
  }
  // At the end of the file there is no further one, which is an error to the library too.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (certificates.empty()) return Refusal(option, path, "certificates in PEM", "none");
  if (!at_end) {
    return Refusal(option, path, "certificates in PEM",
                   absl::StrCat("a broken one after the first ", certificates.size()));
  }
  return certificates;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts = {};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? absl::FromTM(parts, absl::UTCTimeZone())
                                            : absl::InfinitePast();
}

// Checks that the certificate is valid at `now`; until when, goes to `*expiry`.
absl::Status CheckTimes(const std::string& path, const X509* certificate, absl::Time now,
                        absl::Time* expiry) {
  const absl::Time begin = ToTime(X509_get0_notBefore(certificate));
  *expiry = ToTime(X509_get0_notAfter(certificate));
  if (begin <= now && now <= *expiry) return absl::OkStatus();
  const absl::TimeZone utc = absl::UTCTimeZone();
  return Refusal("--tls-cert", path, "a certificate that is valid now",
                 absl::StrCat("one from ", absl::FormatTime(begin, utc), " to ",
                              absl::FormatTime(*expiry, utc)));
}

absl::Status CheckKey(const TlsPaths& paths, const TlsFiles& files, const X509* certificate) {
  const Bio reader = Reader(files.key);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr));
  const bool matches = key != nullptr && X509_check_private_key(certificate, key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return Refusal("--tls-key", paths.key, "a private key in PEM, not encrypted", "none");
  }
  if (matches) return absl::OkStatus();
  return Refusal("--tls-key", paths.key,
                 absl::StrCat("the key of --tls-cert \"", paths.certificate, "\""),
                 "another certificate's");
}

}  // namespace

absl::StatusOr<TlsFiles> ReadTlsFiles(const TlsPaths& paths, absl::Time date) {
  TlsFiles files;
  absl::StatusOr<std::string> bytes = Read("--tls-cert", paths.certificate);
  if (!bytes.ok()) return bytes.status();
  files.certificate = *std::move(bytes);
  bytes = Read("--tls-key", paths.key);
  if (!bytes.ok()) return bytes.status();
  files.key = *std::move(bytes);
  const auto chain = ParseCertificates("--tls-cert", paths.certificate, files.certificate);
  if (!chain.ok()) return chain.status();
  const X509* own = chain->front().get();
  if (absl::Status status = CheckKey(paths, files, own); !status.ok()) return status;
  absl::Status status = CheckTimes(paths.certificate, own, date, &files.expiry);
  if (!status.ok()) return status;
  if (paths.client_ca.empty()) return files;
  bytes = Read("--tls-client-ca", paths.client_ca);
  if (!bytes.ok()) return bytes.status();
  files.client_ca = *std::move(bytes);
  status = ParseCertificates("--tls-client-ca", paths.client_ca, files.client_ca).status();
  if (!status.ok()) return status;
  return files;
}

WatchedTlsFiles::WatchedTlsFiles(TlsPaths paths, TlsFiles files, absl::Time now)
    : paths_(std::move(paths)), files_(std::move(files)), timer_(now) {}

std::optional<TlsFiles> WatchedTlsFiles::TakeNew(absl::Time now, absl::Time date) {
  LookAgain(now, date);
  if (taken_) return std::nullopt;
  taken_ = true;
  return files_;
}

std::optional<absl::Time> WatchedTlsFiles::LookAgain(absl::Time now, absl::Time date) {
  if (!timer_.Due(now) || !Changed(date)) return std::nullopt;
  return files_.expiry;
}

bool WatchedTlsFiles::Changed(absl::Time date) {
  // Read in full, for they are small: times and sizes of files do not tell every change.
  absl::StatusOr<TlsFiles> found = ReadTlsFiles(paths_, date);
  if (!found.ok()) {
    if (complaint_ == found.status().message()) return false;
    complaint_ = std::string(found.status().message());
    Log(LogLevel::kError, "the TLS files have become bad; those of before stay in use",
        {{"reason", complaint_}});
    return false;
  }
  complaint_.clear();
  if (*found == files_) return false;
  files_ = *std::move(found);
  taken_ = false;
  Log(LogLevel::kInfo, "the TLS files changed; new connections use them",
      {{"expiry", absl::FormatTime(files_.expiry, absl::UTCTimeZone())}});
  return true;
}

}  // namespace verdict
