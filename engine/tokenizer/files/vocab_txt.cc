#include "engine/tokenizer/files/vocab_txt.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/tokenizer/tokenizer_description.h"
#include "engine/unicode/utf8.h"
#include "engine/unicode/white_space.h"

namespace verdict {

absl::StatusOr<Vocabulary> ParseVocabTxt(const NamedText& vocab) {
  if (const std::optional<size_t> fault = FindInvalidUtf8(vocab.text)) {
    return absl::InvalidArgumentError(absl::StrCat(vocab.name, ": not UTF-8 at byte ", *fault));
  }
  // An unended last line may come on top.
  if (std::count(vocab.text.begin(), vocab.text.end(), '\n') > kMaxId) {
    return absl::InvalidArgumentError(
        absl::StrCat(vocab.name, ": expected at most ", kMaxId, " lines, found more"));
  }
  std::vector<VocabularyEntry> entries;
  int32_t id = 0;
  for (size_t begin = 0; begin < vocab.text.size(); ++id) {
    const size_t end = std::min(vocab.text.find('\n', begin), vocab.text.size());
    const size_t trimmed = BeginOfWhiteSpace(vocab.text, begin, end);
    if (trimmed - begin > kMaxTokenBytes) {
      return absl::InvalidArgumentError(absl::StrCat(vocab.name, ": line ", id + 1,
                                                     ": expected at most ", kMaxTokenBytes,
                                                     " bytes, found ", trimmed - begin));
    }
    entries.push_back({.text = std::string(vocab.text.substr(begin, trimmed - begin)), .id = id});
    begin = end + 1;
  }
  return Vocabulary(std::move(entries));
}

}  // namespace verdict
