// Attention in float32 and on AMX tiles, behind one interface.
#ifndef VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_KERNEL_H_
#define VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_KERNEL_H_

#include <cstddef>

#include "engine/kernels/rows.h"

namespace verdict {

// One head of one text, inside the packed rows of all: q, k and v begin at its first row and
// channel. AttentionHeadOf (attention.h) is the same with the type of the numbers.
struct AttentionHeadRows {
  const std::byte* q = nullptr;
  const std::byte* k = nullptr;
  const std::byte* v = nullptr;
  float* y = nullptr;
  size_t q_stride = 0;   // bytes
  size_t kv_stride = 0;  // bytes
  size_t y_stride = 0;   // numbers
  int queries = 0;
  int tokens = 0;
  int head_dim = 0;
};

struct AttentionKernel {
  RowFormat rows;  // of queries, keys and values
  // Floats of memory that `attend` needs for itself, for at most `max_tokens` tokens.
  size_t (*scratch_size)(int max_tokens, int head_dim) = nullptr;
  // y = softmax(q k^T / sqrt(head_dim)) v.
  void (*attend)(const AttentionHeadRows& head, float* scratch) = nullptr;
};

// In float32 (attention.h).
const AttentionKernel& FloatAttention();

// On tiles in bfloat16 (tile_attention.h), if HasTileAttention(head_dim); else in float32.
const AttentionKernel& TileAttentionOrFloat(int head_dim);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_KERNEL_H_
