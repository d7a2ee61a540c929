// What the file of --auth-token-file says.
#ifndef VERDICT_SERVER_SECURITY_TOKEN_FILE_H_
#define VERDICT_SERVER_SECURITY_TOKEN_FILE_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/metrics/named_caller.h"

namespace verdict {

// Its lines are described at BearerTokens.
struct TokenFile {
  // A shorter token could be found by trying.
  static constexpr size_t kLeastTokenBytes = 16;
  static constexpr size_t kMostNameBytes = 64;
  static constexpr int kMostShare = 1000;

  struct Token {
    std::string caller;  // empty: without a name
    std::string token;
  };

  std::vector<Token> tokens;
  std::map<std::string, NamedCaller::Claim> claims;  // by the name of each caller
};

// INVALID_ARGUMENT: there is no token, or a line has one that is too short or has characters that
// no header can have, or it says what we do not know, or what another line of its caller denies.
// The message says what was expected and what was found in which line, and never quotes a token.
absl::StatusOr<TokenFile> ParseTokenFile(absl::string_view text);

}  // namespace verdict

#endif  // VERDICT_SERVER_SECURITY_TOKEN_FILE_H_
