// The texts of a vocabulary, laid out so that the longest one at some place is found byte by byte.
#ifndef VERDICT_ENGINE_TOKENIZER_TOKEN_TRIE_H_
#define VERDICT_ENGINE_TOKENIZER_TOKEN_TRIE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/tokenizer/vocabulary.h"

namespace verdict {

// A trie over bytes. The children of a node lie side by side, so a node is little more than the
// index of its first child, and a vocabulary in order is built in one pass.
//
// A double array would save a few nanoseconds a byte, and cost a search for free slots at load that
// a hostile vocabulary can make quadratic.
//
// Immutable; any thread may use it.
class TokenTrie {
 public:
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr int32_t kNoToken = -1;

  struct Match {
    int32_t id = kNoToken;
    size_t length = 0;  // bytes
  };

  // The tokens of `vocabulary`, which it does not need afterwards. An empty text is left out: it
  // matches nowhere. REQUIRES: ids are not negative.
  explicit TokenTrie(const Vocabulary& vocabulary);

  // The longest continuation of `from` that is a token and that `text` begins with.
  Match LongestMatch(Node from, std::string_view text) const;

  // Where `text` leads from the root; nullopt if no token begins with it.
  std::optional<Node> Descend(std::string_view text) const;

  // Whether a token begins with `byte`.
  bool BeginsToken(unsigned char byte) const { return root_children_[byte] != kRoot; }

 private:
  struct Slot {
    Node first_child;  // its last child is the one before the next slot's first
    int32_t id;
  };

  // The child of `parent` at `byte`; kRoot, nobody's child, if there is none.
  Node Child(Node parent, unsigned char byte) const;

  std::vector<Slot> slots_;            // breadth first; one more than nodes, to end the last
  std::vector<unsigned char> labels_;  // [nodes]: the byte that leads to it
  std::array<Node, 256> root_children_ = {};
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_TOKEN_TRIE_H_
