#include "engine/tokenizer/files/bpe/merges.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"
#include "engine/tokenizer/files/bpe/vocabulary_json.h"
#include "engine/tokenizer/tokenizer_description.h"
#include "engine/unicode/utf8.h"

namespace verdict {
namespace {

constexpr std::string_view kVersion = "#version";
constexpr char kTwoTokens[] = "two tokens with one space between them";
constexpr size_t kMaxLineBytes = 2 * kMaxTokenBytes + 1;

struct TokenPair {
  std::string_view left;
  std::string_view right;
};

// nullopt: it is no such pair.
std::optional<TokenPair> SplitMerge(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == text.npos || text.find(' ', space + 1) != text.npos) return std::nullopt;
  const TokenPair pair = {.left = text.substr(0, space), .right = text.substr(space + 1)};
  if (pair.left.empty() || pair.right.empty()) return std::nullopt;
  return pair;
}

std::optional<TokenPair> PairOf(const nlohmann::json& merge) {
  if (merge.is_string()) return SplitMerge(merge.get_ref<const std::string&>());
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) {
    return std::nullopt;
  }
  const TokenPair pair = {.left = merge[0].get_ref<const std::string&>(),
                          .right = merge[1].get_ref<const std::string&>()};
  if (pair.left.empty() || pair.right.empty()) return std::nullopt;
  return pair;
}

// Finds tokens by their texts. A hash, as there may be three million look-ups.
class Resolver {
 public:
  explicit Resolver(const Vocabulary& vocabulary) {
    ids_.reserve(vocabulary.entries().size());
    for (const VocabularyEntry& entry : vocabulary.entries()) ids_.emplace(entry.text, entry.id);
  }

  // Adds the merge to `*merges`. Otherwise what was expected: the vocabulary lacks a token.
  std::optional<std::string> Add(const TokenPair& pair, std::vector<PairMerge>* merges) {
    merged_.assign(pair.left);
    merged_.append(pair.right);
    const auto left = ids_.find(pair.left);
    const auto right = ids_.find(pair.right);
    const auto merged = ids_.find(merged_);
    if (left == ids_.end()) return Lacks(pair.left);
    if (right == ids_.end()) return Lacks(pair.right);
    if (merged == ids_.end()) return Lacks(merged_);
    merges->push_back({.left = left->second, .right = right->second, .merged = merged->second});
    return std::nullopt;
  }

 private:
  static std::string Lacks(std::string_view token) {
    return absl::StrCat("tokens of the vocabulary, which lacks ", Quoted(token));
  }

  absl::flat_hash_map<std::string_view, int32_t> ids_;
  std::string merged_;
};

absl::StatusOr<std::vector<PairMerge>> ParseMergesTxt(const NamedText& merges,
                                                      const Vocabulary& vocabulary) {
  if (const std::optional<size_t> fault = FindInvalidUtf8(merges.text)) {
    return absl::InvalidArgumentError(absl::StrCat(merges.name, ": not UTF-8 at byte ", *fault));
  }
  if (std::count(merges.text.begin(), merges.text.end(), '\n') > kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrCat(merges.name, ": expected at most ", kMaxId, " lines, found more"));
  }
  Resolver resolver(vocabulary);
  std::vector<PairMerge> read;
  size_t number = 1;
  for (size_t begin = 0; begin < merges.text.size(); ++number) {
    const size_t end = std::min(merges.text.find('\n', begin), merges.text.size());
    std::string_view line = merges.text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    const auto error = [&](const std::string& expected, const std::string& found) {
      return absl::InvalidArgumentError(
          absl::StrCat(merges.name, ": line ", number, ": expected ", expected, ", found ", found));
    };
    if (line.size() > kMaxLineBytes) {
      return error(absl::StrCat("at most ", kMaxLineBytes, " bytes"), absl::StrCat(line.size()));
    }
    if (line.starts_with(kVersion)) continue;
    const std::optional<TokenPair> pair = SplitMerge(line);
    if (!pair) return error(kTwoTokens, Quoted(line));
    if (const auto expected = resolver.Add(*pair, &read)) return error(*expected, Quoted(line));
  }
  return read;
}

}  // namespace

absl::StatusOr<std::vector<PairMerge>> ReadMerges(const JsonField& merges,
                                                  const Vocabulary& vocabulary) {
  if (absl::Status status = merges.CheckIsArray(); !status.ok()) return status;
  const nlohmann::json& values = merges.value();
  if (values.size() > static_cast<size_t>(kMaxId)) {
    return merges.Error(absl::StrCat("at most ", kMaxId, " merges"));
  }
  Resolver resolver(vocabulary);
  std::vector<PairMerge> read;
  read.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const nlohmann::json& value = values[i];
    if (value.is_string() && value.get_ref<const std::string&>().starts_with(kVersion)) {
      continue;
    }
    const std::optional<TokenPair> pair = PairOf(value);
    if (!pair) return merges.Element(i).Error(kTwoTokens);
    if (const auto expected = resolver.Add(*pair, &read)) {
      return merges.Element(i).Error(*expected);
    }
  }
  return read;
}

absl::StatusOr<BytePairFiles> ParseBytePairFiles(const NamedText& vocab, const NamedText& merges) {
  const absl::StatusOr<nlohmann::json> document = ParseJson(vocab.text, vocab.name);
  if (!document.ok()) return document.status();
  absl::StatusOr<Vocabulary> vocabulary = ReadVocabulary(JsonField(*document, vocab.name));
  if (!vocabulary.ok()) return vocabulary.status();
  absl::StatusOr<std::vector<PairMerge>> read = ParseMergesTxt(merges, *vocabulary);
  if (!read.ok()) return read.status();
  return BytePairFiles{.vocabulary = *std::move(vocabulary), .merges = *std::move(read)};
}

}  // namespace verdict
