// What a tokenizer class of transformers takes for granted where no file says otherwise.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_CLASS_DEFAULTS_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_CLASS_DEFAULTS_H_

#include <array>

#include "engine/tokenizer/files/stated_tokens.h"
#include "engine/tokenizer/post_processor.h"

namespace verdict {

struct ClassDefaults {
  // The special tokens, by role; empty: there is none.
  std::array<const char*, kRoles.size()> names;
  // The mask takes the white space on its left with it, unless a file has its flags.
  bool mask_lstrip;
  PostProcessor (*post_processor)(const SpecialToken& cls, const SpecialToken& sep);
};

inline constexpr ClassDefaults kBertDefaults = {
    .names = kDefaultNames, .mask_lstrip = false, .post_processor = BertPostProcessor};

// Of transformers 4, which wrote the directories without a tokenizer.json.
inline constexpr ClassDefaults kRobertaDefaults = {
    .names = {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"},
    .mask_lstrip = true,
    .post_processor = RobertaPostProcessor};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_CLASS_DEFAULTS_H_
