// Any bytes as tokenizer.json, taken as it is or as BertTokenizer takes it; what is let through
// must tokenize.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const char* config : {R"({"tokenizer_class": "TokenizersBackend"})", "{}"}) {
    const auto description = verdict::AssembleTokenizer(
        {.directory = "", .tokenizer_json = text, .tokenizer_config = config});
    if (!description.ok()) continue;
    const auto tokenizer = verdict::Tokenizer::Create(*description);
    if (!tokenizer.ok()) continue;
    const auto tokens =
        tokenizer->Tokenize({.text = "[CLS] abc\u00e9 \u6f22 ab!", .text_pair = {}}, true);
    for (const verdict::Token& token : tokens) {
      if (token.id < 0 || token.id >= tokenizer->vocab_size()) std::abort();
    }
  }
  return 0;
}
