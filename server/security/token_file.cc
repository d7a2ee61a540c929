#include "server/security/token_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace verdict {
namespace {

absl::Status Refusal(absl::string_view expected, absl::string_view found) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", expected, ", found ", found));
}

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; }

// A value that lines of one caller say, and the line that said it first.
struct Said {
  int value;
  int line;
};

// What the lines of one caller say of it.
struct Claimed {
  std::optional<Said> share;
  std::optional<Said> bulk;
};

absl::Status Say(absl::string_view what, Said said, std::optional<Said>* before) {
  if (!before->has_value()) *before = said;
  if ((*before)->value == said.value) return absl::OkStatus();
  return Refusal(absl::StrCat("one ", what, " of a caller"),
                 absl::StrCat("another in line ", said.line, " than in line ", (*before)->line));
}

// `word` stands behind a token. Only what comes before its `=` is quoted, as it may be one.
absl::Status ReadWord(absl::string_view word, int line, Claimed* claimed) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(word, absl::MaxSplits('=', 1));
  const auto& [key, value] = parts;
  if (key == "share") {
    int share = 0;
    if (!absl::SimpleAtoi(value, &share) || share < 1 || share > TokenFile::kMostShare) {
      return Refusal(absl::StrCat("a share from 1 to ", TokenFile::kMostShare),
                     absl::StrCat("something else in line ", line));
    }
    return Say("share", {share, line}, &claimed->share);
  }
  if (key == "priority") {
    const bool is_bulk = value == "bulk";
    if (!is_bulk && value != "interactive") {
      return Refusal("the priority interactive or bulk",
                     absl::StrCat("something else in line ", line));
    }
    return Say("priority", {is_bulk ? 1 : 0, line}, &claimed->bulk);
  }
  return Refusal("one token of visible ASCII characters a line, then share=N or priority=bulk",
                 absl::StrCat("something else in line ", line));
}

absl::StatusOr<TokenFile::Token> ReadToken(absl::string_view text, int line) {
  TokenFile::Token read;
  const size_t colon = text.find(':');
  if (colon != absl::string_view::npos) {
    const absl::string_view name = text.substr(0, colon);
    if (name.empty() || name.size() > TokenFile::kMostNameBytes ||
        !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
      return Refusal(absl::StrCat("a caller's name of 1 to ", TokenFile::kMostNameBytes,
                                  " letters, digits, \"-\", \"_\" and \".\" before a colon"),
                     absl::StrCat("another in line ", line));
    }
    read.caller = std::string(name);
    text.remove_prefix(colon + 1);
  }
  if (text.size() < TokenFile::kLeastTokenBytes) {
    return Refusal(absl::StrCat("tokens of at least ", TokenFile::kLeastTokenBytes, " characters"),
                   absl::StrCat("a shorter one in line ", line));
  }
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isgraph)) {
    return Refusal("one token of visible ASCII characters a line",
                   absl::StrCat("others in line ", line));
  }
  read.token = std::string(text);
  return read;
}

std::map<std::string, NamedCaller::Claim> ClaimsOf(const std::map<std::string, Claimed>& claimed) {
  const auto share_of = [](const Claimed& one) { return one.share.value_or(Said{1, 0}).value; };
  double all = 0;
  for (const auto& [name, one] : claimed) all += share_of(one);
  std::map<std::string, NamedCaller::Claim> claims;
  for (const auto& [name, one] : claimed) {
    const bool is_bulk = one.bulk.value_or(Said{0, 0}).value != 0;
    const double part = share_of(one) / all;
    claims[name] = {.weight = part * static_cast<double>(claimed.size()) *
                              (is_bulk ? 1 : NamedCaller::kInteractive),
                    .part = part};
  }
  return claims;
}

}  // namespace

absl::StatusOr<TokenFile> ParseTokenFile(absl::string_view text) {
  TokenFile file;
  std::map<std::string, Claimed> claimed;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r\f\v"), absl::SkipEmpty());
    if (words.empty() || words.front().front() == '#') continue;
    absl::StatusOr<TokenFile::Token> token = ReadToken(words.front(), number);
    if (!token.ok()) return token.status();
    Claimed& of_caller = claimed[token->caller];
    for (size_t i = 1; i < words.size(); ++i) {
      if (absl::Status status = ReadWord(words[i], number, &of_caller); !status.ok()) return status;
    }
    file.tokens.push_back(*std::move(token));
  }
  if (file.tokens.empty()) return Refusal("at least one token", "none");
  file.claims = ClaimsOf(claimed);
  return file;
}

}  // namespace verdict
