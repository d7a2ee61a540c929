// Who may call the service: the bearer tokens of --auth-token-file.
#ifndef VERDICT_SERVER_SECURITY_BEARER_TOKENS_H_
#define VERDICT_SERVER_SECURITY_BEARER_TOKENS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/process/look_timer.h"

namespace verdict {

// The tokens of a file, one a line, of which several may be valid at a time so that they can be
// changed one after the other. White space around a token, empty lines, and lines that begin with
// `#`, which no token does (RFC 6750), mean nothing.
//
// The file is read again at most once a second, when somebody calls; one that has become bad
// changes nothing, and the log says so once. Tokens are kept as digests only. All methods may be
// called from any thread.
class BearerTokens {
 public:
  // A shorter one could be found by trying.
  static constexpr size_t kLeastTokenBytes = 16;

  // INVALID_ARGUMENT: the file cannot be read, or has no token, or one that is too short or has
  // characters that no header can have. The message names --auth-token-file and never quotes a
  // token.
  static absl::StatusOr<std::unique_ptr<BearerTokens>> Open(const std::string& path,
                                                            absl::Time now);

  // Checks the value of a call's `authorization` header, null if it has none.
  //
  // UNAUTHENTICATED: no token, or none of the file's. How long it takes tells nothing of the tokens
  // but their number.
  absl::Status Check(const absl::string_view* authorization, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Digest = std::array<uint8_t, 32>;  // SHA-256

  BearerTokens(std::string path, std::vector<Digest> digests, absl::Time now);

  static absl::StatusOr<std::vector<Digest>> Read(const std::string& path);
  static Digest DigestOf(absl::string_view token);
  void Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;

  absl::Mutex mutex_;
  std::vector<Digest> digests_ ABSL_GUARDED_BY(mutex_);
  LookTimer timer_ ABSL_GUARDED_BY(mutex_);
  std::string complaint_ ABSL_GUARDED_BY(mutex_);  // what the log said last; empty if all is well
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SECURITY_BEARER_TOKENS_H_
