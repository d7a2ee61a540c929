// Any bytes as tokenizer_config.json, vocab.txt, special_tokens_map.json and added_tokens.json, a
// NUL between each two; the last two need not be there. What is let through must tokenize.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::optional<std::string>, 4> texts;
  for (auto& text : texts) {
    if (rest.data() == nullptr) break;
    const size_t end = rest.find('\0');
    text = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
  const auto description = verdict::AssembleTokenizer({.directory = "",
                                                       .vocab_txt = texts[1],
                                                       .tokenizer_config = texts[0],
                                                       .special_tokens_map = texts[2],
                                                       .added_tokens = texts[3]});
  if (!description.ok()) return 0;
  const auto tokenizer = verdict::Tokenizer::Create(*description);
  // Ids are line numbers, and those of other tokens follow from them: only what such a token is
  // may be refused.
  if (!tokenizer.ok() && description->added_tokens.empty()) std::abort();
  if (!tokenizer.ok()) return 0;
  const auto tokens =
      tokenizer->Tokenize({.text = "[CLS] abc\u00e9 \u6f22 ab!", .text_pair = {}}, true);
  for (const verdict::Token& token : tokens) {
    if (token.id < 0 || token.id >= tokenizer->vocab_size()) std::abort();
  }
  return 0;
}
