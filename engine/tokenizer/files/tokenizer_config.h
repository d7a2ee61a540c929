// tokenizer_config.json: what transformers says of a tokenizer beside its vocabulary. Its special
// tokens are read in stated_tokens.h.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_CONFIG_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_CONFIG_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/files/json_field.h"

namespace verdict {

// A limit below this has no room for a pair's special tokens.
inline constexpr size_t kLeastMaxLength = 3;

// Which of the files transformers builds the tokenizer from, decided by `tokenizer_class`.
enum class TokenizerClass {
  kBert,     // BertTokenizer and its like: a vocabulary, and what tokenizer_config.json says
  kRoberta,  // RobertaTokenizer: tokenizer.json as it is, else vocab.json and merges.txt
  kFile,     // TokenizersBackend: tokenizer.json as it is
};

// What a file says: nothing, null or a value.
struct StatedBool {
  bool is_stated = false;
  std::optional<bool> value;
};

struct TokenizerConfig {
  // nullopt: no file says it.
  std::optional<TokenizerClass> tokenizer_class;
  // As the file says it, if we do not know the class.
  std::string unknown_class;
  StatedBool do_lower_case;
  StatedBool strip_accents;
  StatedBool tokenize_chinese_chars;
  StatedBool add_prefix_space;
  StatedBool trim_offsets;
  bool split_special_tokens = false;
  // The most tokens that the model takes, special tokens counted; nullopt: no limit, which the file
  // says by null, by silence or by a number as huge as transformers' 1e30.
  std::optional<size_t> model_max_length;
  // What the file says but is ignored: a sentence each, for the log.
  std::vector<std::string> warnings;
};

// Reads the object `config`, and `tokenizer_class` from `model_config`, config.json, if `config`
// has none.
//
// INVALID_ARGUMENT: a field is malformed, or asks for what is not supported; the message names it.
absl::StatusOr<TokenizerConfig> ReadTokenizerConfig(const JsonField& config,
                                                    const JsonField& model_config);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_TOKENIZER_CONFIG_H_
