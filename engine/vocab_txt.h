// vocab.txt and tokenizer_config.json: how BERT's tokenizer is described where no tokenizer.json
// is.
#ifndef VERDICT_ENGINE_VOCAB_TXT_H_
#define VERDICT_ENGINE_VOCAB_TXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/tokenizer_description.h"

namespace verdict {

// A file's content, and its name for messages.
struct NamedText {
  std::string_view text;
  std::string name;
};

// Reads `vocab`, one token a line: trailing white space does not belong to the token, the line's
// number from 0 is its id, and of equal lines the last counts. `config`, a JSON object ("{}" says
// nothing), gives the normalizer's options and the special tokens' names, with BertTokenizer's
// defaults; a special token in a text is cut out of it if the vocabulary has it.
//
// INVALID_ARGUMENT: malformed, not a BERT tokenizer, or without [UNK], [CLS] or [SEP]. The message
// starts with the file's name.
absl::StatusOr<TokenizerDescription> ParseVocabTxt(const NamedText& vocab, const NamedText& config);

}  // namespace verdict

#endif  // VERDICT_ENGINE_VOCAB_TXT_H_
