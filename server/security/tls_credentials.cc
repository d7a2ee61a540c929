#include "server/security/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

// gRPC's C++ has no credentials that ask for certificates at each connection; its C core has.
class FileCredentials final : public TlsCredentials {
 public:
  FileCredentials(const TlsPaths& paths, TlsFiles files, std::function<void(absl::Time)> on_change)
      : files_(paths, std::move(files), SteadyNow()),
        on_change_(std::move(on_change)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                paths.client_ca.empty()
                    ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
                Fetch, this))) {}

  ~FileCredentials() override { grpc_server_credentials_release(credentials_); }

  FileCredentials(const FileCredentials&) = delete;
  FileCredentials& operator=(const FileCredentials&) = delete;

  void LookAgain() override {
    std::optional<absl::Time> expiry;
    {
      absl::MutexLock lock(&mutex_);
      expiry = files_.LookAgain(SteadyNow(), absl::Now());
    }
    if (expiry.has_value()) on_change_(*expiry);
  }

  // For credentials of other kinds; bearer tokens are the service's own.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // gRPC calls it when the port opens and whenever somebody connects, under a lock of its own.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    auto* credentials = static_cast<FileCredentials*>(self);
    const std::optional<TlsFiles> files = credentials->TakeNew();
    if (!files.has_value()) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {.private_key = files->key.c_str(),
                                             .cert_chain = files->certificate.c_str()};
    // gRPC 1.51 insists on roots, even when it asks no client for a certificate.
    const std::string& roots = files->client_ca.empty() ? files->certificate : files->client_ca;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    credentials->on_change_(files->expiry);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  std::optional<TlsFiles> TakeNew() {
    absl::MutexLock lock(&mutex_);
    return files_.TakeNew(SteadyNow(), absl::Now());
  }

  absl::Mutex mutex_;
  WatchedTlsFiles files_ ABSL_GUARDED_BY(mutex_);
  const std::function<void(absl::Time)> on_change_;
  grpc_server_credentials* const credentials_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<TlsCredentials>> MakeTlsCredentials(
    const TlsPaths& paths, std::function<void(absl::Time expiry)> on_change) {
  absl::StatusOr<TlsFiles> files = ReadTlsFiles(paths, absl::Now());
  if (!files.ok()) return files.status();
  return std::make_shared<FileCredentials>(paths, *std::move(files), std::move(on_change));
}

}  // namespace verdict
