#include "client/credentials.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/text_file.h"

namespace verdict {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Open(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

Certificate FirstCertificate(const std::string& pem) {
  return {PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr), &X509_free};
}

// Asks nobody for the password of an encrypted one, which is no key for us.
Key PrivateKey(const std::string& pem) {
  char no_password[] = "";
  return {PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, nullptr, no_password), &EVP_PKEY_free};
}

absl::Status WrongContent(const char* option, const std::string& path, const char* expected) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(option, " ", path, ": expected ", expected));
}

absl::Status CheckTlsOptions(const ClientOptions& options) {
  const bool tls = !options.tls_ca.empty();
  if (!tls && !(options.tls_cert + options.tls_key + options.tls_server_name).empty()) {
    return absl::InvalidArgumentError(
        "tls_cert, tls_key and tls_server_name need tls_ca, which turns TLS on");
  }
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("tls_cert and tls_key need each other");
  }
  if (tls && options.tls_server_name.empty() && options.server.find(',') != std::string::npos) {
    return absl::InvalidArgumentError(
        "a list of servers needs tls_server_name: the name that all their certificates are for");
  }
  return absl::OkStatus();
}

}  // namespace

// gRPC would take files without sense, and fail each call with a riddle.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ClientOptions& options) {
  if (absl::Status status = CheckTlsOptions(options); !status.ok()) return status;
  if (options.tls_ca.empty()) return grpc::InsecureChannelCredentials();

  const absl::StatusOr<std::string> ca = ReadTextFile("tls_ca", options.tls_ca);
  if (!ca.ok()) return ca.status();
  if (FirstCertificate(*ca) == nullptr) {
    return WrongContent("tls_ca", options.tls_ca, "certificates in PEM");
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = *ca;
  if (options.tls_cert.empty()) return grpc::SslCredentials(tls);

  const absl::StatusOr<std::string> cert = ReadTextFile("tls_cert", options.tls_cert);
  if (!cert.ok()) return cert.status();
  const absl::StatusOr<std::string> key = ReadTextFile("tls_key", options.tls_key);
  if (!key.ok()) return key.status();
  const Certificate certificate = FirstCertificate(*cert);
  if (certificate == nullptr) {
    return WrongContent("tls_cert", options.tls_cert, "a certificate in PEM");
  }
  const Key private_key = PrivateKey(*key);
  if (private_key == nullptr) {
    return WrongContent("tls_key", options.tls_key, "a private key in PEM, without a password");
  }
  if (X509_check_private_key(certificate.get(), private_key.get()) != 1) {
    return WrongContent("tls_key", options.tls_key, "the key of the certificate in tls_cert");
  }
  tls.pem_cert_chain = *cert;
  tls.pem_private_key = *key;
  return grpc::SslCredentials(tls);
}

}  // namespace verdict
