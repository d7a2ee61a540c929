#include "engine/tokenizer/token_trie.h"

#include <cstdint>
#include <cstring>

namespace verdict {
namespace {

// The tokens [first, last) of the sorted list that share a node's path of `depth` bytes.
struct Subtree {
  uint32_t first;
  uint32_t last;
  uint32_t depth;
};

}  // namespace

TokenTrie::TokenTrie(const Vocabulary& vocabulary) {
  const std::vector<VocabularyEntry>& tokens = vocabulary.entries();
  std::vector<Subtree> subtrees = {
      {.first = 0, .last = static_cast<uint32_t>(tokens.size()), .depth = 0}};
  labels_.push_back(0);
  for (Node node = 0; node < subtrees.size(); ++node) {
    auto [first, last, depth] = subtrees[node];
    slots_.push_back({.first_child = static_cast<Node>(subtrees.size()), .id = kNoToken});
    // The text that ends here sorts before all that go on.
    for (; first < last && tokens[first].text.size() == depth; ++first) {
      if (depth > 0) slots_.back().id = tokens[first].id;
    }
    while (first < last) {
      const char label = tokens[first].text[depth];
      const uint32_t begin = first;
      while (first < last && tokens[first].text[depth] == label) ++first;
      subtrees.push_back({.first = begin, .last = first, .depth = depth + 1});
      labels_.push_back(static_cast<unsigned char>(label));
    }
  }
  slots_.push_back({.first_child = static_cast<Node>(subtrees.size()), .id = kNoToken});
  for (Node child = slots_[kRoot].first_child; child < slots_[kRoot + 1].first_child; ++child) {
    root_children_[labels_[child]] = child;
  }
}

TokenTrie::Node TokenTrie::Child(Node parent, unsigned char byte) const {
  if (parent == kRoot) return root_children_[byte];
  const Node first = slots_[parent].first_child;
  const size_t count = slots_[parent + 1].first_child - first;
  if (count == 0) return kRoot;
  const unsigned char* const labels = labels_.data() + first;
  // Deep in a long token there is one way on.
  if (count == 1) return labels[0] == byte ? first : kRoot;
  const void* const found = std::memchr(labels, byte, count);
  if (found == nullptr) return kRoot;
  return first + static_cast<Node>(static_cast<const unsigned char*>(found) - labels);
}

TokenTrie::Match TokenTrie::LongestMatch(Node from, std::string_view text) const {
  Match match;
  Node node = from;
  for (size_t i = 0; i < text.size(); ++i) {
    node = Child(node, static_cast<unsigned char>(text[i]));
    if (node == kRoot) break;
    if (slots_[node].id != kNoToken) match = {.id = slots_[node].id, .length = i + 1};
  }
  return match;
}

std::optional<TokenTrie::Node> TokenTrie::Descend(std::string_view text) const {
  Node node = kRoot;
  for (const char byte : text) {
    node = Child(node, static_cast<unsigned char>(byte));
    if (node == kRoot) return std::nullopt;
  }
  return node;
}

}  // namespace verdict
