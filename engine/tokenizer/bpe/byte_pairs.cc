#include "engine/tokenizer/bpe/byte_pairs.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <queue>
#include <utility>

namespace verdict {
namespace {

// Up to here the heap costs more than it saves.
constexpr size_t kFew = 24;

uint64_t KeyOf(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

// Orders pairs by their rank, then by their place.
uint64_t OrderOf(uint32_t rank, uint32_t position) {
  return static_cast<uint64_t>(rank) << 32 | position;
}

}  // namespace

// A symbol among its neighbours that are left.
struct BytePairs::Link {
  Symbol symbol;
  Ranked pair;  // with the next
  uint32_t previous = 0;
  uint32_t next = 0;
};

BytePairs::BytePairs(absl::Span<const PairMerge> merges) {
  merges_.reserve(merges.size());
  uint32_t rank = 0;
  for (const PairMerge& merge : merges) {
    merges_[KeyOf(merge.left, merge.right)] = {.rank = rank++, .merged = merge.merged};
  }
}

BytePairs::Ranked BytePairs::Find(int32_t left, int32_t right) const {
  const auto found = merges_.find(KeyOf(left, right));
  return found == merges_.end() ? Ranked() : found->second;
}

void BytePairs::MergeAll(std::vector<Symbol>* symbols) const {
  if (symbols->size() <= kFew) {
    MergeFew(symbols);
  } else {
    MergeWithHeap(symbols);
  }
}

void BytePairs::MergeFew(std::vector<Symbol>* symbols) const {
  std::array<Ranked, kFew + 1> pairs;  // pairs[i]: of symbols i and i + 1
  size_t size = symbols->size();
  const auto look_up = [&](size_t i) {
    pairs[i] = i + 1 < size ? Find((*symbols)[i].id, (*symbols)[i + 1].id) : Ranked();
  };
  for (size_t i = 0; i < size; ++i) look_up(i);
  while (size > 1) {
    const auto* const least =
        std::min_element(pairs.begin(), pairs.begin() + (size - 1),
                         [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
    if (least->rank == kNoRank) break;
    const auto i = static_cast<size_t>(least - pairs.begin());
    (*symbols)[i] = {.id = least->merged,
                     .length = (*symbols)[i].length + (*symbols)[i + 1].length};
    symbols->erase(symbols->begin() + static_cast<std::ptrdiff_t>(i) + 1);
    std::copy(pairs.begin() + i + 2, pairs.begin() + size, pairs.begin() + i + 1);
    --size;
    look_up(i);
    if (i > 0) look_up(i - 1);
  }
}

void BytePairs::MergeWithHeap(std::vector<Symbol>* symbols) const {
  const auto size = static_cast<uint32_t>(symbols->size());
  std::vector<Link> links(size);
  std::vector<uint64_t> orders;
  const auto look_up = [&](uint32_t i) {
    const uint32_t next = links[i].next;
    links[i].pair = next < size ? Find(links[i].symbol.id, links[next].symbol.id) : Ranked();
    return links[i].pair.rank != kNoRank;
  };
  for (uint32_t i = 0; i < size; ++i) {
    links[i] = {.symbol = (*symbols)[i], .pair = {}, .previous = i - 1, .next = i + 1};
  }
  for (uint32_t i = 0; i < size; ++i) {
    if (look_up(i)) orders.push_back(OrderOf(links[i].pair.rank, i));
  }
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> heap(std::greater<>(),
                                                                            std::move(orders));
  while (!heap.empty()) {
    const uint64_t order = heap.top();
    heap.pop();
    const auto i = static_cast<uint32_t>(order);
    Link& link = links[i];
    // An entry counts if the pair at its place still has its rank. A symbol that is gone has none.
    if (link.pair.rank != order >> 32) continue;
    Link& right = links[link.next];
    link.symbol = {.id = link.pair.merged, .length = link.symbol.length + right.symbol.length};
    right.symbol.length = 0;
    right.pair = {};
    link.next = right.next;
    if (link.next < size) links[link.next].previous = i;
    if (look_up(i)) heap.push(OrderOf(link.pair.rank, i));
    if (i > 0 && look_up(link.previous)) {
      heap.push(OrderOf(links[link.previous].pair.rank, link.previous));
    }
  }
  symbols->clear();
  for (uint32_t i = 0; i < size; i = links[i].next) symbols->push_back(links[i].symbol);
}

}  // namespace verdict
