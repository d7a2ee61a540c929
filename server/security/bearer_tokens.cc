#include "server/security/bearer_tokens.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/log/log.h"
#include "server/process/small_file.h"

namespace verdict {
namespace {

// RFC 6750 has `Bearer`; the name of a scheme may be written in any case.
constexpr absl::string_view kScheme = "bearer ";

absl::Status Refusal(const std::string& path, absl::string_view expected, absl::string_view found) {
  return absl::InvalidArgumentError(
      absl::StrCat("--auth-token-file is \"", path, "\"; expected ", expected, ", found ", found));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BearerTokens>> BearerTokens::Open(const std::string& path,
                                                                 absl::Time now) {
  absl::StatusOr<std::vector<Digest>> digests = Read(path);
  if (!digests.ok()) return digests.status();
  return absl::WrapUnique(new BearerTokens(path, *std::move(digests), now));
}

BearerTokens::BearerTokens(std::string path, std::vector<Digest> digests, absl::Time now)
    : path_(std::move(path)), digests_(std::move(digests)), timer_(now) {}

absl::Status BearerTokens::Check(const absl::string_view* authorization, absl::Time now) {
  constexpr char kExpected[] = "expected a header \"authorization: Bearer TOKEN\"";
  if (authorization == nullptr) {
    return absl::UnauthenticatedError(absl::StrCat(kExpected, ", found none"));
  }
  if (!absl::StartsWithIgnoreCase(*authorization, kScheme)) {
    return absl::UnauthenticatedError(absl::StrCat(kExpected, ", found another scheme"));
  }
  const Digest digest = DigestOf(absl::StripAsciiWhitespace(authorization->substr(kScheme.size())));
  bool known = false;
  absl::MutexLock lock(&mutex_);
  if (timer_.Due(now)) Look();
  for (const Digest& token : digests_) {
    known |= CRYPTO_memcmp(token.data(), digest.data(), digest.size()) == 0;
  }
  return known ? absl::OkStatus()
               : absl::UnauthenticatedError("the bearer token is not known here");
}

absl::StatusOr<std::vector<BearerTokens::Digest>> BearerTokens::Read(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadSmallFile(path);
  if (!bytes.ok()) return Refusal(path, "a file that can be read", bytes.status().message());
  std::vector<Digest> digests;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(*bytes, '\n')) {
    ++number;
    const absl::string_view token = absl::StripAsciiWhitespace(line);
    if (token.empty() || token.front() == '#') continue;
    if (token.size() < kLeastTokenBytes) {
      return Refusal(path, absl::StrCat("tokens of at least ", kLeastTokenBytes, " characters"),
                     absl::StrCat("a shorter one in line ", number));
    }
    if (!std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
      return Refusal(path, "one token of visible ASCII characters a line",
                     absl::StrCat("others in line ", number));
    }
    digests.push_back(DigestOf(token));
  }
  if (digests.empty()) return Refusal(path, "at least one token", "none");
  return digests;
}

BearerTokens::Digest BearerTokens::DigestOf(absl::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

// The file is small and in the page cache: read in full, for its times do not tell every change.
void BearerTokens::Look() {
  absl::StatusOr<std::vector<Digest>> digests = Read(path_);
  if (!digests.ok()) {
    if (complaint_ == digests.status().message()) return;
    complaint_ = std::string(digests.status().message());
    Log(LogLevel::kError, "the token file has become bad; the tokens of before stay valid",
        {{"reason", complaint_}});
    return;
  }
  complaint_.clear();
  if (*digests == digests_) return;
  digests_ = *std::move(digests);
  Log(LogLevel::kInfo, "the tokens changed", {{"tokens", digests_.size()}});
}

}  // namespace verdict
