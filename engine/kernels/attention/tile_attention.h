// Attention (attention.h) on AMX tiles, in bfloat16.
#ifndef VERDICT_ENGINE_KERNELS_ATTENTION_TILE_ATTENTION_H_
#define VERDICT_ENGINE_KERNELS_ATTENTION_TILE_ATTENTION_H_

#include <cstddef>

#include "engine/kernels/attention/attention.h"
#include "engine/kernels/quantization.h"

namespace verdict {

// kv_stride is even. The memory of q continues for kTileSize rows more, which may be read.
using TileAttentionHead = AttentionHeadOf<Bf16>;

// Whether AttendInTiles takes heads of that dim: a multiple of 32, where HasTiles.
bool HasTileAttention(int head_dim);

// Floats of memory that AttendInTiles needs for itself, for at most `max_tokens` tokens.
size_t TileAttentionScratchSize(int max_tokens, int head_dim);

// As Attend; the softmax's numbers are rounded to bfloat16 before they are multiplied with v.
void AttendInTiles(const TileAttentionHead& head, float* scratch);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ATTENTION_TILE_ATTENTION_H_
