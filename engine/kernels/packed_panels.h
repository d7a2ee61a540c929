// Weights packed panel by panel, as all backends do, and how products of our panels are cut.
#ifndef VERDICT_ENGINE_KERNELS_PACKED_PANELS_H_
#define VERDICT_ENGINE_KERNELS_PACKED_PANELS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "engine/kernels/product.h"
#include "engine/memory/fetcher.h"
#include "engine/memory/packed_memory.h"

namespace verdict {

struct PackedPanels {
  int in = 0;  // filled up as rows of x are
  int out = 0;
  int columns = 0;    // of a panel
  size_t size = 0;    // bytes of a panel
  int count = 0;      // the last is filled up with zeros
  int depth_max = 0;  // columns of x that are multiplied at once, at most
  int number_size = 0;
  std::shared_ptr<std::byte> memory = nullptr;
  std::vector<float> column_scales = {};  // [out]; of integers
  std::vector<float> column_sums = {};    // [out]: of the rounded weights; where x has zero points

  const std::byte* panel(int i) const { return memory.get() + i * size; }
  ToFetch Range(int first, int panels) const { return {panel(first), panels * size}; }

  // Sets what a tile's epilogue takes of x and of these columns.
  void SetScales(const RowsView& x, const Piece& piece, EpilogueTile& tile) const;
};

// How a column becomes what a panel is packed of, and how that is done.
struct PanelPacking {
  // Rounds a column's weights [in] to numbers of `number_size` bytes; returns the scale, which
  // counts only where `scaled`. Null: they stay float32.
  std::function<float(const float* weights, int in, std::byte* rounded)> round = nullptr;
  bool scaled = false;
  bool sums = false;  // of each column's rounded weights, which are bytes
  // Packs weights [columns of a panel, in], rounded or not, as panel `index`.
  std::function<void(int index, const void* weights, std::byte* packed)> pack = nullptr;
};

// Takes memory and packs weights [panels.out, in], filled up with zeros on both sides. Sets
// `count`, `memory`, and the scales and sums that `packing` asks for; the rest is set.
void Pack(absl::Span<const float> weights, int in, const PanelPacking& packing,
          PackedMemory& memory, PackedPanels& panels);

// How a product of such panels is cut, if its kernel fetches the next weights meanwhile. Where the
// threads share the rows, each passes over all weights with `part_bytes` of its rows at a time; 0:
// with all.
Cut CutForFetching(const PackedPanels& panels, int rows, int threads, size_t part_bytes);

// The most columns of a group, and rows of a block, of such a cut.
inline constexpr int kMaxGroupColumns = 128;
inline constexpr int kMaxBlockRows = 96;

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_PACKED_PANELS_H_
