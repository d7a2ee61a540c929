// Certificates of authorities that live as long as a test.
#ifndef VERDICT_TESTS_SERVER_CERTIFICATES_H_
#define VERDICT_TESTS_SERVER_CERTIFICATES_H_

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace verdict {

// A certificate and its key, in PEM.
struct CertifiedKey {
  std::string certificate;
  std::string key;
};

// When a certificate is valid; by default now, and for the length of any test.
struct Validity {
  absl::Time begin = absl::Now() - absl::Hours(1);
  absl::Time end = absl::Now() + absl::Hours(24);
};

// Signs certificates for 127.0.0.1 and localhost, for servers and clients alike.
class CertificateAuthority {
 public:
  CertificateAuthority();
  ~CertificateAuthority();

  // Its own certificate, in PEM.
  const std::string& certificate() const { return certificate_; }

  // A new key, and a certificate for it.
  CertifiedKey Issue(const Validity& validity = {}) const;

 private:
  struct Signer;
  const std::unique_ptr<Signer> signer_;
  std::string certificate_;
};

// Writes `bytes` to the file at `path`, as a careless administrator would: not in one step.
void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_CERTIFICATES_H_
