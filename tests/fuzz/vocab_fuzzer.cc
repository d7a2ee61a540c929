// Any bytes as tokenizer_config.json and vocab.txt, the first NUL between them; what is let through
// must tokenize.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/tokenizer.h"
#include "engine/tokenizer_description.h"
#include "engine/vocab_txt.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t parting = all.find('\0');
  if (parting == all.npos) return 0;
  const auto description =
      verdict::ParseVocabTxt({.text = all.substr(parting + 1), .name = "vocab.txt"},
                             {.text = all.substr(0, parting), .name = "tokenizer_config.json"});
  if (!description.ok()) return 0;
  const auto tokenizer = verdict::Tokenizer::Create(*description);
  // What vocab.txt says cannot contradict itself: ids are line numbers.
  if (!tokenizer.ok()) std::abort();
  const auto tokens =
      tokenizer->Tokenize({.text = "[CLS] abc\u00e9 \u6f22 ab!", .text_pair = {}}, true);
  for (const verdict::Token& token : tokens) {
    if (token.id < 0 || token.id >= tokenizer->vocab_size()) std::abort();
  }
  return 0;
}
