// What makes tokens of a word: the interface of WordPiece and BPE.
#ifndef VERDICT_ENGINE_TOKENIZER_SUBWORD_MODEL_H_
#define VERDICT_ENGINE_TOKENIZER_SUBWORD_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace verdict {

// A piece of a word: its bytes [begin, end).
struct Piece {
  int32_t id = 0;
  size_t begin = 0;
  size_t end = 0;
};

// Immutable; any thread may use it.
class SubwordModel {
 public:
  virtual ~SubwordModel() = default;

  // Replaces `*pieces` by those of `word`, in order. They lie within the word. REQUIRES: `word` is
  // not empty.
  virtual void Split(std::string_view word, std::vector<Piece>* pieces) const = 0;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_SUBWORD_MODEL_H_
