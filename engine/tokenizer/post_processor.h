// What is done to the tokens of an input's texts: special tokens around them, and offsets without
// white space.
#ifndef VERDICT_ENGINE_TOKENIZER_POST_PROCESSOR_H_
#define VERDICT_ENGINE_TOKENIZER_POST_PROCESSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace verdict {

// A token that Encode adds.
struct SpecialToken {
  std::string content;
  int32_t id = 0;
};

// The special tokens of an input: `before` text, `between` text and text_pair, and `after` the last
// one.
struct InputFrame {
  std::vector<SpecialToken> before = {};
  std::vector<SpecialToken> between = {};  // a single text has none
  std::vector<SpecialToken> after = {};

  size_t size() const { return before.size() + between.size() + after.size(); }
};

// Takes the white space at its edges from each token's offsets: trim_offsets of ByteLevel and
// RobertaProcessing in tokenizer.json.
struct OffsetTrim {
  // The first token keeps the one space that the pre-tokenizer put before it.
  bool add_prefix_space = false;
};

struct PostProcessor {
  InputFrame single;
  InputFrame pair;
  std::vector<OffsetTrim> trims = {};  // in their order; rarely more than one
};

// `[CLS] text [SEP]` and `[CLS] text [SEP] text_pair [SEP]`.
PostProcessor BertPostProcessor(const SpecialToken& cls, const SpecialToken& sep);

// `<s> text </s>` and `<s> text </s></s> text_pair </s>`; trims no offsets unless told to.
PostProcessor RobertaPostProcessor(const SpecialToken& cls, const SpecialToken& sep);

// How many characters at each end of a token's text are white space, or the character that spells a
// space in a byte-level vocabulary.
struct EdgeSpaces {
  uint32_t leading = 0;
  uint32_t trailing = 0;
};

EdgeSpaces EdgeSpacesOf(std::string_view token_text);

// Bytes [begin, end) of a text.
struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
};

// The range without the scalar values of `text` at its ends that `spaces` counts; it may become
// empty. `is_first`: it is the range of the text's first token.
ByteRange Trimmed(std::string_view text, ByteRange range, const EdgeSpaces& spaces, bool is_first,
                  const OffsetTrim& trim);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_POST_PROCESSOR_H_
