#include "engine/kernels/packed_panels.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "engine/memory/aligned_buffer.h"
#include "engine/memory/rounding.h"

namespace verdict {
namespace {

// The weights of a piece should stay in half of a 1 MB L2 cache, beside the rows that pass over
// them.
constexpr int kPieceBytes = 384 * 1024;
// With as many rows for each, the threads share the rows, and each passes over all weights.
constexpr int kPartRows = 128;
// The columns of a piece: no more than kMaxGroupColumns, and where rows are few the least, as the
// smallest pieces are shared most evenly.
constexpr int kMinGroupColumns = 32;
constexpr int kFewRows = 40;

}  // namespace

void PackedPanels::SetScales(const RowsView& x, const Piece& piece, EpilogueTile& tile) const {
  const bool integers = x.quantizations != nullptr;
  const int first_column = piece.first_panel * columns;
  tile.x = integers ? x.quantizations + piece.first_row : nullptr;
  tile.column_scales = integers ? column_scales.data() + first_column : nullptr;
  tile.column_sums = column_sums.empty() ? nullptr : column_sums.data() + first_column;
}

void Pack(absl::Span<const float> weights, int in, const PanelPacking& packing,
          PackedMemory& memory, PackedPanels& panels) {
  const size_t filled_in = panels.in;
  const bool rounds = packing.round != nullptr;
  panels.count = DivideUp(panels.out, panels.columns);
  panels.memory = memory.Take(panels.count * panels.size);
  if (packing.scaled) panels.column_scales.resize(panels.out);
  if (packing.sums) panels.column_sums.resize(panels.out);
  AlignedBuffer plain(panels.columns * filled_in);
  AlignedArray<std::byte> rounded(rounds ? plain.size() * panels.number_size : 0);
  for (int panel = 0; panel < panels.count; ++panel) {
    std::fill_n(plain.data(), plain.size(), 0.0f);
    std::fill_n(rounded.data(), rounded.size(), std::byte{0});
    const int first = panel * panels.columns;
    const int columns = std::min(panels.columns, panels.out - first);
    for (int column = 0; column < columns; ++column) {
      float* numbers = plain.data() + column * filled_in;
      const auto row = weights.subspan(static_cast<size_t>(first + column) * in, in);
      std::copy(row.begin(), row.end(), numbers);
      if (!rounds) continue;
      std::byte* to = rounded.data() + column * filled_in * panels.number_size;
      const float scale = packing.round(numbers, panels.in, to);
      if (packing.scaled) panels.column_scales[first + column] = scale;
      if (!packing.sums) continue;
      const auto* bytes = reinterpret_cast<const int8_t*>(to);
      const int sum = std::accumulate(bytes, bytes + filled_in, 0);
      // Exact: kMaxIn bytes make less than 2^24.
      panels.column_sums[first + column] = static_cast<float>(sum);
    }
    packing.pack(panel, rounds ? static_cast<const void*>(rounded.data()) : plain.data(),
                 panels.memory.get() + panel * panels.size);
  }
}

Cut CutForFetching(const PackedPanels& panels, int rows, int threads, size_t part_bytes) {
  Cut cut = {.rows = rows, .panels = panels.count};
  cut.parts = std::clamp(rows / kPartRows, 1, threads);
  if (part_bytes > 0 && cut.parts == threads) {
    const size_t bytes_of_a_thread = size_t{1} * rows * panels.in * panels.number_size / threads;
    cut.parts *= static_cast<int>(DivideUp(bytes_of_a_thread, part_bytes));
  }
  cut.blocks = DivideUp(DivideUp(rows, cut.parts), kMaxBlockRows);
  int columns = rows <= kFewRows ? kMinGroupColumns : 2 * kMinGroupColumns;
  if (cut.parts * cut.blocks > 1) {
    const size_t depth = std::min(panels.in, panels.depth_max);
    const int fitting = static_cast<int>(kPieceBytes / (depth * panels.number_size));
    columns = std::clamp(fitting / columns * columns, columns, kMaxGroupColumns);
  }
  cut.group_panels = DivideUp(columns, panels.columns);
  cut.groups = DivideUp(panels.count, cut.group_panels);
  return cut;
}

}  // namespace verdict
