// Scaled dot-product attention of one head over one text (Vaswani et al. 2017), in Highway.
#ifndef VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_H_
#define VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_H_

#include <cstddef>

namespace verdict {

// One head's matrices inside the packed activations: row i of x is x + i * x_stride. The keys and
// values are those of one text, so no mask is needed; the queries are all of its tokens or only the
// first.
template <class T>
struct AttentionHeadOf {
  const T* q = nullptr;  // [queries, head_dim]
  const T* k = nullptr;  // [tokens, head_dim]
  const T* v = nullptr;  // [tokens, head_dim]
  float* y = nullptr;    // [queries, head_dim]
  size_t q_stride = 0;
  size_t kv_stride = 0;
  size_t y_stride = 0;
  int queries = 0;
  int tokens = 0;
  int head_dim = 0;
};
using AttentionHead = AttentionHeadOf<float>;

// Floats of memory that Attend needs for itself, for at most `max_tokens` tokens.
size_t AttentionScratchSize(int max_tokens, int head_dim);

// y = softmax(q k^T / sqrt(head_dim)) v. Every query's result has the same bits whatever other
// queries are asked for.
void Attend(const AttentionHead& head, float* scratch);

}  // namespace verdict

#endif  // VERDICT_ENGINE_KERNELS_ATTENTION_ATTENTION_H_
