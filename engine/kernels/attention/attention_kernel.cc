#include "engine/kernels/attention/attention_kernel.h"

#include "engine/kernels/attention/attention.h"
#include "engine/kernels/attention/tile_attention.h"

namespace verdict {
namespace {

template <class T>
AttentionHeadOf<T> HeadOf(const AttentionHeadRows& head) {
  return {.q = reinterpret_cast<const T*>(head.q),
          .k = reinterpret_cast<const T*>(head.k),
          .v = reinterpret_cast<const T*>(head.v),
          .y = head.y,
          .q_stride = head.q_stride / sizeof(T),
          .kv_stride = head.kv_stride / sizeof(T),
          .y_stride = head.y_stride,
          .queries = head.queries,
          .tokens = head.tokens,
          .head_dim = head.head_dim};
}

// One after another: the keys and values of a head lie in the middle of a row, which has its own
// alignment.
RowFormat DenseBf16Rows() {
  RowFormat format = Bf16Rows();
  format.multiple = 1;
  return format;
}

}  // namespace

const AttentionKernel& FloatAttention() {
  static const AttentionKernel kKernel = {
      .rows = {},
      .scratch_size = AttentionScratchSize,
      .attend = [](const AttentionHeadRows& head, float* scratch) {
        Attend(HeadOf<float>(head), scratch);
      }};
  return kKernel;
}

const AttentionKernel& TileAttentionOrFloat(int head_dim) {
  static const AttentionKernel kKernel = {
      .rows = DenseBf16Rows(),
      .scratch_size = TileAttentionScratchSize,
      .attend = [](const AttentionHeadRows& head, float* scratch) {
        AttendInTiles(HeadOf<Bf16>(head), scratch);
      }};
  return HasTileAttention(head_dim) ? kKernel : FloatAttention();
}

}  // namespace verdict
