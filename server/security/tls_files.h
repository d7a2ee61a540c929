// The certificate that the server shows, its key, and whose clients it trusts: PEM files.
#ifndef VERDICT_SERVER_SECURITY_TLS_FILES_H_
#define VERDICT_SERVER_SECURITY_TLS_FILES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/process/look_timer.h"

namespace verdict {

// Where they are: --tls-cert, --tls-key and --tls-client-ca.
struct TlsPaths {
  std::string certificate;     // the server's, then those that lead to its root; empty: no TLS
  std::string key;             // of the first of them, not encrypted
  std::string client_ca = {};  // clients must show a certificate by one of these; empty: need not
};

// What they hold, checked: it can be served.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;
  absl::Time expiry;  // of the server's certificate

  // Whether the files hold the same bytes.
  bool operator==(const TlsFiles&) const = default;
};

// Reads and checks them.
//
// INVALID_ARGUMENT: a file cannot be read or is not PEM, the key is another certificate's, or the
// certificate is not valid on `date`. The message names the option, what was expected and what was
// found, and never quotes a key.
absl::StatusOr<TlsFiles> ReadTlsFiles(const TlsPaths& paths, absl::Time date);

// Files that are looked at again as time goes by, at most once a second. Those that do not pass
// ReadTlsFiles, such as half of a new pair, change nothing: the log says so once, and they are
// looked at again. One thread at a time may call it.
class WatchedTlsFiles {
 public:
  // `files` are what was read at `now`, on the steady clock.
  WatchedTlsFiles(TlsPaths paths, TlsFiles files, absl::Time now);

  // The files to be used from now on, if they are others than those of the call before. `now` is on
  // the steady clock; `date` is that of the wall clock, on which certificates must be valid.
  std::optional<TlsFiles> TakeNew(absl::Time now, absl::Time date);

  // Only looks at them, with the same arguments. If they changed, when the new certificate expires.
  std::optional<absl::Time> LookAgain(absl::Time now, absl::Time date);

 private:
  bool Changed(absl::Time date);

  const TlsPaths paths_;
  TlsFiles files_;
  bool taken_ = false;
  LookTimer timer_;
  std::string complaint_;  // what the log said last; empty when all was well since
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SECURITY_TLS_FILES_H_
