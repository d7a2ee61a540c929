// Who may call the service: the bearer tokens of --auth-token-file.
#ifndef VERDICT_SERVER_SECURITY_BEARER_TOKENS_H_
#define VERDICT_SERVER_SECURITY_BEARER_TOKENS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/metrics/named_caller.h"
#include "server/process/look_timer.h"
#include "server/security/token_file.h"

namespace verdict {

// The tokens of a file, one a line, of which several may be valid at a time so that they can be
// changed one after the other. White space around a token, empty lines, and lines that begin with
// `#`, which no token does (RFC 6750), mean nothing. A line may name the caller, and say its share
// and its priority:
//
//   web:0123456789abcdef0123456789abcdef share=3
//   nightly:fedcba9876543210fedcba98 priority=bulk
//   fedcba98765432100123456789abcdef
//
// Several lines of one name are one caller; those without a name are one, too. A share is 1 and a
// priority `interactive` unless a line of its caller says otherwise.
//
// The file is read again at most once a second, when somebody calls; one that has become bad
// changes nothing, and the log says so once. Tokens are kept as digests only. All methods may be
// called from any thread.
class BearerTokens {
 public:
  // INVALID_ARGUMENT: the file cannot be read, or ParseTokenFile refuses it, or there are more than
  // kMostCallers. The message names --auth-token-file and never quotes a token.
  static absl::StatusOr<std::unique_ptr<BearerTokens>> Open(const std::string& path,
                                                            absl::Time now);

  // Calls `on_caller` for every caller that has a name, once: now, or before a token of its is
  // valid. It must not call this. Before the first Check.
  using OnCaller = std::function<void(const NamedCaller&)>;
  void SetListener(OnCaller on_caller) ABSL_LOCKS_EXCLUDED(mutex_);

  // Whose token the value of a call's `authorization` header is, null if it has none. What is
  // returned lives as long as this.
  //
  // UNAUTHENTICATED: no token, or none of the file's. How long it takes tells nothing of the tokens
  // but their number.
  absl::StatusOr<const NamedCaller*> Check(const absl::string_view* authorization, absl::Time now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Digest = std::array<uint8_t, 32>;  // SHA-256

  struct Token {
    Digest digest;
    const NamedCaller* caller;

    bool operator==(const Token& other) const {
      return digest == other.digest && caller == other.caller;
    }
  };

  BearerTokens(std::string path, absl::Time now);

  static Digest DigestOf(absl::string_view token);
  // Reads the file, and takes what it says.
  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Null: nobody has had that name.
  NamedCaller* FindCaller(const std::string& name) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  NamedCaller& CallerOf(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;

  absl::Mutex mutex_;
  OnCaller on_caller_ ABSL_GUARDED_BY(mutex_);
  // Who has ever had a name; the first has none.
  std::vector<std::unique_ptr<NamedCaller>> callers_ ABSL_GUARDED_BY(mutex_);
  std::vector<Token> tokens_ ABSL_GUARDED_BY(mutex_);
  LookTimer timer_ ABSL_GUARDED_BY(mutex_);
  std::string complaint_ ABSL_GUARDED_BY(mutex_);  // what the log said last; empty if all is well
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SECURITY_BEARER_TOKENS_H_
