// Any bytes as tokenizer.json; what is let through must tokenize.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/tokenizer.h"
#include "engine/tokenizer_description.h"
#include "engine/tokenizer_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto description = verdict::ParseTokenizerJson(
      std::string_view(reinterpret_cast<const char*>(data), size), "tokenizer.json");
  if (!description.ok()) return 0;
  const auto tokenizer = verdict::Tokenizer::Create(*description);
  if (!tokenizer.ok()) return 0;
  const auto tokens =
      tokenizer->Tokenize({.text = "[CLS] abc\u00e9 \u6f22 ab!", .text_pair = {}}, true);
  for (const verdict::Token& token : tokens) {
    if (token.id < 0 || token.id >= tokenizer->vocab_size()) std::abort();
  }
  return 0;
}
