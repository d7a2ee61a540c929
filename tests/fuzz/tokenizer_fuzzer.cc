// Any bytes as a text or a pair of texts, with any limit. The first three bytes choose the
// tokenizer, the truncation and the limit; a byte 0xFF, which is never UTF-8, parts a text from its
// pair.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/tokenizer_description.h"

namespace {

using verdict::Tokenizer;

constexpr size_t kHeaderBytes = 3;
constexpr char kParting = '\xFF';

verdict::TokenizerDescription Description() {
  std::vector<verdict::VocabularyEntry> entries;
  for (const char* text :
       {"[UNK]",    "[CLS]", "[SEP]", "[PAD]",  "a",        "ab",      "abc",      "b",
        "the",      "##a",   "##b",   "##ab",   "##bcd",    "##s",     ".",        "!",
        "[",        "]",     "SEP",   "sep",    "\u6f22",   "\u5b57",  "##\u5b57", "\u00e9",
        "##\u00e9", "e",     "##e",   "\u302e", "##\u302e", "i\u0307", "\u1112",   "##\u1161"}) {
    entries.push_back({.text = text, .id = static_cast<int32_t>(entries.size())});
  }
  verdict::TokenizerDescription description;
  description.vocabulary = verdict::Vocabulary(entries);
  description.post_processor =
      verdict::BertPostProcessor({.content = "[CLS]", .id = 1}, {.content = "[SEP]", .id = 2});
  description.added_tokens = {{.content = "[SEP]", .id = 2}, {.content = "[PAD]", .id = 3}};
  return description;
}

verdict::TokenizerDescription OddDescription() {
  verdict::TokenizerDescription description = Description();
  description.normalizer = {verdict::NormalizerOptions{.clean_text = false,
                                                       .handle_chinese_chars = false,
                                                       .strip_accents = true,
                                                       .lowercase = false}};
  description.model = verdict::WordPieceOptions{.max_input_chars_per_word = 4};
  const auto next_id = static_cast<int32_t>(description.vocabulary.entries().size());
  description.added_tokens.push_back(
      {.content = "\u00c9T", .id = next_id, .lstrip = true, .normalized = true});
  description.added_tokens.push_back(
      {.content = "[E]", .id = next_id + 1, .lstrip = true, .rstrip = true});
  description.added_tokens.push_back({.content = "ab", .id = 5, .single_word = true});
  return description;
}

verdict::TokenizerDescription SequenceDescription() {
  verdict::TokenizerDescription description = OddDescription();
  description.normalizer = {verdict::NfdStep(), verdict::LowercaseStep(),
                            verdict::StripAccentsStep(),
                            verdict::ReplaceStep{.pattern = "a.", .content = "\u6f22b"},
                            verdict::StripStep{.left = true, .right = true}};
  return description;
}

// Bytes of "\u00e9" are missing: some are dropped, which moves the tokens behind them.
verdict::TokenizerDescription ByteLevelDescription() {
  std::vector<verdict::VocabularyEntry> entries;
  for (const char* text : {"<s>", "</s>", "<mask>", "a", "b", "\u0120", "ab", "\u0120ab", "aa",
                           "aaaa", "'", "s", "'s", "\u00e6", "\u00bc", "\u00e6\u00bc", "1"}) {
    entries.push_back({.text = text, .id = static_cast<int32_t>(entries.size())});
  }
  verdict::TokenizerDescription description;
  description.normalizer.clear();
  description.vocabulary = verdict::Vocabulary(entries);
  description.pre_tokenizer = verdict::ByteLevelPreTokenizer{.add_prefix_space = true};
  description.model =
      verdict::ByteLevelBpeOptions{.merges = {{.left = 3, .right = 4, .merged = 6},
                                              {.left = 5, .right = 6, .merged = 7},
                                              {.left = 3, .right = 3, .merged = 8},
                                              {.left = 8, .right = 8, .merged = 9},
                                              {.left = 10, .right = 11, .merged = 12},
                                              {.left = 13, .right = 14, .merged = 15}}};
  description.added_tokens = {{.content = "<s>", .id = 0},
                              {.content = "</s>", .id = 1},
                              {.content = "<mask>", .id = 2, .lstrip = true},
                              {.content = "[E]", .id = 17, .rstrip = true, .normalized = true}};
  description.post_processor =
      verdict::RobertaPostProcessor({.content = "<s>", .id = 0}, {.content = "</s>", .id = 1});
  description.post_processor.trims = {{.add_prefix_space = true}};
  return description;
}

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckTokens(const Tokenizer& tokenizer, const std::vector<verdict::Token>& tokens,
                 std::string_view text) {
  uint32_t last_begin = 0;
  bool last_is_empty = false;
  for (const verdict::Token& token : tokens) {
    Check(token.id >= 0 && token.id < tokenizer.vocab_size());
    // Only a byte-level token of white space has no bytes.
    Check(token.begin <= token.end && token.end <= text.size());
    // Trimming moves a prefix space's token behind the one that it stands before.
    Check(token.begin >= last_begin || token.begin == token.end || last_is_empty);
    last_is_empty = token.begin == token.end;
    last_begin = token.begin;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Tokenizer tokenizers[] = {Tokenizer::Create(Description()).value(),
                                         Tokenizer::Create(OddDescription()).value(),
                                         Tokenizer::Create(SequenceDescription()).value(),
                                         Tokenizer::Create(ByteLevelDescription()).value()};
  if (size < kHeaderBytes) return 0;
  const Tokenizer& tokenizer = tokenizers[data[0] % std::size(tokenizers)];
  const auto truncation = static_cast<verdict::Truncation>(data[1] % 4);
  const size_t limit = data[2];
  const std::string_view all(reinterpret_cast<const char*>(data) + kHeaderBytes,
                             size - kHeaderBytes);
  const size_t parting = all.find(kParting);
  verdict::TextInput input = {.text = all.substr(0, parting), .text_pair = {}};
  if (parting != all.npos) input.text_pair = all.substr(parting + 1);

  const auto tokens = tokenizer.Tokenize({.text = input.text, .text_pair = {}}, false);
  CheckTokens(tokenizer, tokens, input.text);
  verdict::TextInput empty = {.text = "", .text_pair = {}};
  if (input.text_pair) empty.text_pair = "";
  const size_t specials = tokenizer.Tokenize(empty, true).size();
  const size_t total = tokenizer.Tokenize(input, true).size();
  const auto encoding = tokenizer.Encode(input, limit, truncation);
  const bool is_refused =
      limit < specials || (truncation == verdict::Truncation::kError && total > limit);
  Check(encoding.ok() == !is_refused);
  if (encoding.ok()) {
    Check(encoding->total_tokens == total);
    Check(encoding->input_ids.size() == std::min(total, limit));
  }
  return 0;
}
