// The special and added tokens that stand beside a vocabulary: in tokenizer_config.json,
// special_tokens_map.json and added_tokens.json.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_STATED_TOKENS_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_STATED_TOKENS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/files/json_field.h"
#include "engine/tokenizer/files/added_vocabulary.h"
#include "engine/tokenizer/files/named_text.h"

namespace verdict {

// Special tokens that every tokenizer of transformers may have, in the order in which it adds them.
inline constexpr std::array kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                      "pad_token", "cls_token", "mask_token"};
// What BertTokenizer calls them unless told otherwise; empty: it has none.
inline constexpr std::array kDefaultNames = {"", "", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"};
inline constexpr size_t kUnkRole = 2;
inline constexpr size_t kSepRole = 3;
inline constexpr size_t kPadRole = 4;
inline constexpr size_t kClsRole = 5;
inline constexpr size_t kMaskRole = 6;

// What a file says of a role: nothing, that there is no such token, or which it is.
struct StatedRole {
  bool is_stated = false;
  std::optional<DeclaredToken> token;
};

struct StatedTokens {
  std::array<StatedRole, kRoles.size()> roles;
  // Special tokens of other names, e.g. "image_token", in the order in which they are added.
  std::vector<std::pair<std::string, DeclaredToken>> named;
  // extra_special_tokens, or additional_special_tokens, as they were called before.
  std::vector<DeclaredToken> extra;
  // added_tokens_decoder; without it added_tokens.json, and tokenizer.json's added_tokens. By the
  // id that the file declares.
  std::map<int32_t, DeclaredToken> declared;
  // What the files say but is ignored: a sentence each, for the log.
  std::vector<std::string> warnings;
};

// The files, as far as they are there. Borrows them.
struct TokenStatements {
  NamedText config;        // tokenizer_config.json: a JSON object
  JsonField config_field;  // ... the same, parsed
  std::optional<NamedText> special_tokens_map;
  std::optional<NamedText> added_tokens;
  std::map<int32_t, DeclaredToken> in_tokenizer_json;
};

// Merges the files as transformers 5.12 does: with an added_tokens_decoder in tokenizer_config.json
// it alone counts; else special_tokens_map.json goes before tokenizer_config.json, and
// tokenizer.json before added_tokens.json.
//
// INVALID_ARGUMENT: a file is malformed; the message names the file and the field.
absl::StatusOr<StatedTokens> ReadStatedTokens(const TokenStatements& files);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_STATED_TOKENS_H_
