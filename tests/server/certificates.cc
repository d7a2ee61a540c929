#include "tests/server/certificates.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

template <typename Write>
std::string Pem(const Write& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string PemOf(X509* certificate) {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void AddExtension(int id, const char* value, X509* certificate) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// A certificate for `key`, all but its extensions and its signature.
Certificate Blank(EVP_PKEY* key, const std::string& name, const Validity& validity) {
  static std::atomic<int> last_serial = 0;
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++last_serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(validity.begin));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(validity.end));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

struct CertificateAuthority::Signer {
  Key key{EVP_EC_gen("P-256")};
  // Found by its name, where there are several.
  Certificate certificate = Blank(key.get(), absl::StrCat("authority ", ++last_authority), {});
  static std::atomic<int> last_authority;
};

std::atomic<int> CertificateAuthority::Signer::last_authority = 0;

CertificateAuthority::CertificateAuthority() : signer_(std::make_unique<Signer>()) {
  X509* own = signer_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  AddExtension(NID_basic_constraints, "critical,CA:TRUE", own);
  EXPECT_GT(X509_sign(own, signer_->key.get(), EVP_sha256()), 0);
  certificate_ = PemOf(own);
}

CertificateAuthority::~CertificateAuthority() = default;

CertifiedKey CertificateAuthority::Issue(const Validity& validity) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Blank(key.get(), "localhost", validity);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer_->certificate.get()));
  AddExtension(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1", certificate.get());
  EXPECT_GT(X509_sign(certificate.get(), signer_->key.get(), EVP_sha256()), 0);
  return {.certificate = PemOf(certificate.get()),
          .key = Pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  EXPECT_TRUE(file.flush().good()) << path;
}

}  // namespace verdict
