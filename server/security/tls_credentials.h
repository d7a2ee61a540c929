// TLS on the gRPC port, with files that may change while the server runs.
#ifndef VERDICT_SERVER_SECURITY_TLS_CREDENTIALS_H_
#define VERDICT_SERVER_SECURITY_TLS_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/security/tls_files.h"

namespace verdict {

class TlsCredentials : public grpc::ServerCredentials {
 public:
  // Looks at the files though nobody connects, so that a change is known; from any thread.
  virtual void LookAgain() = 0;
};

// Credentials for one port of a grpc::Server, which they must outlive; TLS 1.2 or newer. Where
// `paths` has a client_ca, a client without a certificate of it is refused.
//
// The files are looked at when somebody connects, at most once a second. Connections of before go
// on as they are; new ones see the new files. Files that do not pass ReadTlsFiles, such as half of
// a new pair, change nothing: the log says so once, and they are looked at again a second later.
// gRPC's own FileWatcherCertificateProvider would serve a key with another's certificate, and
// nothing at all while a file is missing.
//
// `on_change` is called with the time when the certificate in use expires, now and at each change,
// from any thread.
//
// INVALID_ARGUMENT: see ReadTlsFiles.
absl::StatusOr<std::shared_ptr<TlsCredentials>> MakeTlsCredentials(
    const TlsPaths& paths, std::function<void(absl::Time expiry)> on_change);

}  // namespace verdict

#endif  // VERDICT_SERVER_SECURITY_TLS_CREDENTIALS_H_
