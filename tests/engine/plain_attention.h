// What the tests of both kinds of attention share: heads, and the plain formula in float64.
#ifndef VERDICT_TESTS_ENGINE_PLAIN_ATTENTION_H_
#define VERDICT_TESTS_ENGINE_PLAIN_ATTENTION_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "engine/kernels/attention/attention.h"

namespace verdict {

// A head whose tokens' queries, keys and values lie side by side in `data`.
template <class T>
AttentionHeadOf<T> HeadOf(const T* data, int tokens, int head_dim, int queries, float* y) {
  return {.q = data,
          .k = data + head_dim,
          .v = data + 2 * head_dim,
          .y = y,
          .q_stride = 3 * static_cast<size_t>(head_dim),
          .kv_stride = 3 * static_cast<size_t>(head_dim),
          .y_stride = static_cast<size_t>(head_dim),
          .queries = queries,
          .tokens = tokens,
          .head_dim = head_dim};
}

// softmax(q k^T / sqrt(head_dim)) v [tokens, head_dim], where number(token, part, i) is the ith of
// a token's query (part 0), key (1) or value (2).
template <class Number>
std::vector<float> PlainAttention(int tokens, int head_dim, const Number& number) {
  std::vector<float> y;
  for (int query = 0; query < tokens; ++query) {
    std::vector<double> weights(tokens, 0.0);
    for (int key = 0; key < tokens; ++key) {
      for (int i = 0; i < head_dim; ++i) {
        weights[key] += double{number(query, 0, i)} * number(key, 1, i) / std::sqrt(head_dim);
      }
    }
    const double max = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - max);
    for (int i = 0; i < head_dim; ++i) {
      double value = 0;
      for (int key = 0; key < tokens; ++key) value += weights[key] / sum * number(key, 2, i);
      y.push_back(static_cast<float>(value));
    }
  }
  return y;
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_PLAIN_ATTENTION_H_
