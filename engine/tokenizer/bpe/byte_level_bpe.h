// Byte-pair encoding over bytes, as GPT-2 and RoBERTa have it (Radford et al. 2019): every text has
// tokens, none is unknown.
#ifndef VERDICT_ENGINE_TOKENIZER_BPE_BYTE_LEVEL_BPE_H_
#define VERDICT_ENGINE_TOKENIZER_BPE_BYTE_LEVEL_BPE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/tokenizer/bpe/byte_pairs.h"
#include "engine/tokenizer/subword_model.h"
#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// By their names in tokenizer.json.
struct ByteLevelBpeOptions {
  std::vector<PairMerge> merges = {};
  // Stands for a byte that the vocabulary lacks; nullopt: such a byte is dropped.
  std::optional<std::string> unk_token = std::nullopt;
  bool fuse_unk = false;       // unknown bytes in a row are one token
  bool ignore_merges = false;  // a word of the vocabulary is one token, whatever the merges say
};

// Immutable; any thread may use it.
class ByteLevelBpe final : public SubwordModel {
 public:
  // `vocabulary` spells bytes as byte_alphabet.h says. REQUIRES: it has the ids of
  // options.merges, and options.unk_token if there is one.
  ByteLevelBpe(const Vocabulary& vocabulary, const ByteLevelBpeOptions& options);

  ByteLevelBpe(const ByteLevelBpe&) = delete;
  ByteLevelBpe& operator=(const ByteLevelBpe&) = delete;

  // Time is n log n in the word's bytes. A piece may begin and end within a scalar value. Where
  // bytes were dropped, later pieces begin too early, as the reference's do.
  void Split(std::string_view word, std::vector<Piece>* pieces) const override;

 private:
  static constexpr int32_t kNoId = -1;

  // The word's bytes as symbols. Whether none was dropped.
  bool ReadSymbols(std::string_view word, std::vector<Symbol>* symbols) const;

  BytePairs merges_;
  std::array<int32_t, 256> ids_ = {};  // by byte
  int32_t unknown_ = kNoId;
  bool fuse_unknown_;
  // Words that are one token, by their bytes: most words of a text.
  std::string words_;  // the bytes of all of them
  absl::flat_hash_map<std::string_view, int32_t> whole_words_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_BPE_BYTE_LEVEL_BPE_H_
