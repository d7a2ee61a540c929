// Texts as the token ids that a model takes, equal to Hugging Face's fast tokenizers on every
// input: WordPiece as BERT has it (Devlin et al. 2019), and BPE over bytes as RoBERTa has it
// (Radford et al. 2019).
#ifndef VERDICT_ENGINE_TOKENIZER_TOKENIZER_H_
#define VERDICT_ENGINE_TOKENIZER_TOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace verdict {

struct TokenizerDescription;

// One text or a pair of texts, borrowed from the caller: UTF-8, each under 4 GiB. A byte that is
// not UTF-8 is read as U+FFFD, which BERT's normalizer drops.
struct TextInput {
  std::string_view text;
  std::optional<std::string_view> text_pair;
};

// What happens to an input of more tokens than fit. Pairs lose tokens from the longer text first.
enum class Truncation {
  kRight,     // the end is cut off
  kLeft,      // the beginning is cut off
  kHeadTail,  // the first quarter of the budget and the rest from the end stay (Sun et al. 2019)
  kError,     // the input is refused
};

// An input as the model sees it, with the special tokens of its post-processor: with BERT's
// `[CLS] text [SEP]` or `[CLS] text [SEP] text_pair [SEP]`.
struct Encoding {
  // [tokens], at most the limit.
  std::vector<int32_t> input_ids;
  // How many of them come before text_pair's own: [CLS] text [SEP]. nullopt: there is no pair.
  std::optional<size_t> before_pair;
  // What it would be without a limit, special tokens counted.
  size_t total_tokens = 0;

  bool truncated() const { return input_ids.size() < total_tokens; }
};

// How many tokens fit, special tokens counted, and what happens to an input of more.
struct TokenLimit {
  size_t max_tokens = std::numeric_limits<size_t>::max();
  Truncation truncation = Truncation::kError;
};

// One token and the bytes of its own text that it came from.
struct Token {
  int32_t id = 0;
  // Byte range [begin, end) in `text`, or in `text_pair` for its tokens; 0, 0 for added special
  // tokens. It holds whole scalar values: a token of some of a scalar value's bytes has all of
  // them, as its neighbours do. A token of nothing but white space may have an empty range.
  uint32_t begin = 0;
  uint32_t end = 0;
  // Whether truncation would leave it out.
  bool cut = false;
};

// Immutable: every method may be called from any number of threads.
class Tokenizer {
 public:
  // The tokenizer that `description` describes. INVALID_ARGUMENT: it contradicts itself.
  static absl::StatusOr<Tokenizer> Create(const TokenizerDescription& description);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // The model's view of `input`, in at most `max_tokens`. Time is linear in the input, but for
  // n log n in a word of a byte-level BPE.
  //
  // INVALID_ARGUMENT: the input is longer and `truncation` is kError, or `max_tokens` has no room
  // for the special tokens (BERT: 2 with one text, 3 with a pair; RoBERTa: 2 and 4).
  absl::StatusOr<Encoding> Encode(const TextInput& input, size_t max_tokens,
                                  Truncation truncation) const;

  // Every token of `input`, with its place in the text. None is left out: those that Encode would
  // cut for `limit` are marked. An input that Encode would refuse has no marks.
  std::vector<Token> Tokenize(const TextInput& input, bool add_special_tokens,
                              const TokenLimit& limit = {}) const;

  // The vocabulary's spelling of `id`, e.g. "##ing" or "\u0120the"; empty for an id that has none.
  std::string_view text(int32_t id) const;

  // One more than the largest id that Encode can return.
  int32_t vocab_size() const;

  // The most tokens that the model takes by tokenizer_config.json, special tokens counted; at least
  // 3. nullopt: no limit. Encode does not heed it: its caller does.
  std::optional<size_t> model_max_length() const;

  // What is odd in the files, or ignored as the reference ignores it: a sentence each, for the log.
  const std::vector<std::string>& warnings() const;

 private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<const Parts> parts);

  std::unique_ptr<const Parts> parts_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_TOKENIZER_H_
