#include "server/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// gRPC's C++ has no credentials that ask for certificates at each connection; its C core has.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  TlsCredentials(const TlsPaths& paths, TlsFiles files, std::function<void(absl::Time)> on_change)
      : files_(paths, std::move(files), SteadyNow()),
        on_change_(std::move(on_change)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                paths.client_ca.empty()
                    ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
                Fetch, this))) {}

  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  // For credentials of other kinds; bearer tokens are the service's own.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC calls it when the port opens and whenever somebody connects, under a lock of its own.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    auto* credentials = static_cast<TlsCredentials*>(self);
    const std::optional<TlsFiles> files = credentials->files_.TakeNew(SteadyNow(), absl::Now());
    if (!files.has_value()) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {.private_key = files->key.c_str(),
                                             .cert_chain = files->certificate.c_str()};
    // gRPC 1.51 insists on roots, even when it asks no client for a certificate.
    const std::string& roots = files->client_ca.empty() ? files->certificate : files->client_ca;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    credentials->on_change_(files->expiry);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  WatchedTlsFiles files_;
  const std::function<void(absl::Time)> on_change_;
  grpc_server_credentials* const credentials_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeTlsCredentials(
    const TlsPaths& paths, std::function<void(absl::Time expiry)> on_change) {
  absl::StatusOr<TlsFiles> files = ReadTlsFiles(paths, absl::Now());
  if (!files.ok()) return files.status();
  return std::make_shared<TlsCredentials>(paths, *std::move(files), std::move(on_change));
}

}  // namespace verdict
