#include "server/security/bearer_tokens.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/log/log.h"
#include "server/process/small_file.h"

namespace verdict {
namespace {

// RFC 6750 has `Bearer`; the name of a scheme may be written in any case.
constexpr absl::string_view kScheme = "bearer ";

absl::Status Refusal(const std::string& path, absl::string_view found) {
  return absl::InvalidArgumentError(absl::StrCat("--auth-token-file is \"", path, "\"; ", found));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BearerTokens>> BearerTokens::Open(const std::string& path,
                                                                 absl::Time now) {
  auto tokens = absl::WrapUnique(new BearerTokens(path, now));
  absl::MutexLock lock(&tokens->mutex_);
  if (absl::Status status = tokens->Read(); !status.ok()) return status;
  return tokens;
}

BearerTokens::BearerTokens(std::string path, absl::Time now) : path_(std::move(path)), timer_(now) {
  callers_.push_back(std::make_unique<NamedCaller>(0, ""));
}

void BearerTokens::SetListener(OnCaller on_caller) {
  absl::MutexLock lock(&mutex_);
  on_caller_ = std::move(on_caller);
  for (size_t i = 1; i < callers_.size(); ++i) on_caller_(*callers_[i]);
}

absl::StatusOr<const NamedCaller*> BearerTokens::Check(const absl::string_view* authorization,
                                                       absl::Time now) {
  constexpr char kExpected[] = "expected a header \"authorization: Bearer TOKEN\"";
  if (authorization == nullptr) {
    return absl::UnauthenticatedError(absl::StrCat(kExpected, ", found none"));
  }
  if (!absl::StartsWithIgnoreCase(*authorization, kScheme)) {
    return absl::UnauthenticatedError(absl::StrCat(kExpected, ", found another scheme"));
  }
  const Digest digest = DigestOf(absl::StripAsciiWhitespace(authorization->substr(kScheme.size())));
  const NamedCaller* caller = nullptr;
  absl::MutexLock lock(&mutex_);
  if (timer_.Due(now)) Look();
  for (const Token& token : tokens_) {
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) == 0) {
      caller = token.caller;
    }
  }
  if (caller == nullptr) return absl::UnauthenticatedError("the bearer token is not known here");
  return caller;
}

// The file is small and in the page cache: read in full, for its times do not tell every change.
absl::Status BearerTokens::Read() {
  const absl::StatusOr<std::string> bytes = ReadSmallFile(path_);
  if (!bytes.ok()) {
    return Refusal(
        path_, absl::StrCat("expected a file that can be read, found ", bytes.status().message()));
  }
  const absl::StatusOr<TokenFile> file = ParseTokenFile(*bytes);
  if (!file.ok()) return Refusal(path_, file.status().message());
  size_t callers = callers_.size();
  for (const auto& [name, claim] : file->claims) {
    if (FindCaller(name) == nullptr) ++callers;
  }
  if (callers > kMostCallers) {
    return Refusal(
        path_, absl::StrCat("expected at most ", kMostCallers - 1, " names since the start, found ",
                            callers - 1, ": restart the server to forget those that are gone"));
  }
  for (const auto& [name, claim] : file->claims) CallerOf(name).Set(claim);
  std::vector<Token> tokens;
  tokens.reserve(file->tokens.size());
  for (const TokenFile::Token& line : file->tokens) {
    tokens.push_back({.digest = DigestOf(line.token), .caller = FindCaller(line.caller)});
  }
  tokens_ = std::move(tokens);
  return absl::OkStatus();
}

NamedCaller* BearerTokens::FindCaller(const std::string& name) const {
  for (const auto& caller : callers_) {
    if (caller->name() == name) return caller.get();
  }
  return nullptr;
}

NamedCaller& BearerTokens::CallerOf(const std::string& name) {
  if (NamedCaller* const known = FindCaller(name); known != nullptr) return *known;
  callers_.push_back(std::make_unique<NamedCaller>(callers_.size(), name));
  if (on_caller_) on_caller_(*callers_.back());
  return *callers_.back();
}

BearerTokens::Digest BearerTokens::DigestOf(absl::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

void BearerTokens::Look() {
  const std::vector<Token> before = tokens_;
  if (absl::Status status = Read(); !status.ok()) {
    if (complaint_ == status.message()) return;
    complaint_ = std::string(status.message());
    Log(LogLevel::kError, "the token file has become bad; the tokens of before stay valid",
        {{"reason", complaint_}});
    return;
  }
  complaint_.clear();
  if (tokens_ == before) return;
  Log(LogLevel::kInfo, "the tokens changed", {{"tokens", tokens_.size()}});
}

}  // namespace verdict
