// One tokenizer from all of its files, which often repeat and sometimes contradict each other.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_ASSEMBLY_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_ASSEMBLY_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer_description.h"

namespace verdict {

// The files' contents; nullopt: there is no such file.
struct TokenizerTexts {
  std::string directory = "";  // where they are, for messages; empty: they go by their names
  std::optional<std::string> tokenizer_json = std::nullopt;
  std::optional<std::string> vocab_txt = std::nullopt;   // counts without a tokenizer_json alone
  std::optional<std::string> vocab_json = std::nullopt;  // counts without both of them alone
  std::optional<std::string> merges_txt = std::nullopt;  // goes with vocab_json
  std::optional<std::string> tokenizer_config = std::nullopt;
  std::optional<std::string> special_tokens_map = std::nullopt;
  std::optional<std::string> added_tokens = std::nullopt;
  std::optional<std::string> model_config = std::nullopt;  // config.json, for its tokenizer_class
};

// Reads the files as the AutoTokenizer of transformers 5.12 does. Its class BertTokenizer, which
// DistilBERT's tokenizers are unless tokenizer_config.json says otherwise, takes only the
// vocabulary and added tokens from tokenizer.json, and the rest from tokenizer_config.json or its
// own defaults. Here it is followed where tokenizer_config.json states something; where it is
// silent, tokenizer.json goes before the defaults. Each difference makes a warning.
//
// A tokenizer.json with a BPE is taken as it is, as by Tokenizer.from_file of tokenizers 0.23.
// vocab.json and merges.txt are read as the tokenizer.json that transformers 4 makes of them.
//
// NOT_FOUND: there is no vocabulary, or vocab.json without merges.txt. INVALID_ARGUMENT: a file is
// malformed, or of a tokenizer that is neither BERT's WordPiece nor a byte-level BPE; the message
// names the file, the field, what was expected and found.
absl::StatusOr<TokenizerDescription> AssembleTokenizer(const TokenizerTexts& texts);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_ASSEMBLY_H_
