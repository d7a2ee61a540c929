// Byte-pair encoding: which neighbours become one symbol, and in which order (Sennrich et al.
// 2016).
#ifndef VERDICT_ENGINE_TOKENIZER_BPE_BYTE_PAIRS_H_
#define VERDICT_ENGINE_TOKENIZER_BPE_BYTE_PAIRS_H_

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace verdict {

// A pair of symbols and the one that they become, by their ids.
struct PairMerge {
  int32_t left = 0;
  int32_t right = 0;
  int32_t merged = 0;
};

// A part of a word.
struct Symbol {
  int32_t id = 0;
  uint32_t length = 0;  // of the text that it stands for
};

// Immutable; any thread may use it.
class BytePairs {
 public:
  // `merges` are in the order of their rank; of a repeated pair the last counts. At most 2^32 - 1.
  explicit BytePairs(absl::Span<const PairMerge> merges);

  // Merges the pair of neighbours of the least rank, of equal ones the leftmost, until no pair is
  // left that has a rank. Time is n log n in the symbols.
  void MergeAll(std::vector<Symbol>* symbols) const;

 private:
  static constexpr uint32_t kNoRank = std::numeric_limits<uint32_t>::max();

  struct Ranked {
    uint32_t rank = kNoRank;
    int32_t merged = 0;
  };

  struct Link;

  Ranked Find(int32_t left, int32_t right) const;

  // Looks at all pairs after each merge: faster than the heap where there are few.
  void MergeFew(std::vector<Symbol>* symbols) const;
  void MergeWithHeap(std::vector<Symbol>* symbols) const;

  absl::flat_hash_map<uint64_t, Ranked> merges_;  // by both ids
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_BPE_BYTE_PAIRS_H_
