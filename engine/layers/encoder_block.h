// The weights of one block of an encoder.
#ifndef VERDICT_ENGINE_LAYERS_ENCODER_BLOCK_H_
#define VERDICT_ENGINE_LAYERS_ENCODER_BLOCK_H_

#include <vector>

#include "engine/kernels/row_kernels.h"
#include "engine/layers/linear.h"

namespace verdict {

// One LayerNorm; gain and bias are [dim].
struct LayerNormParameters {
  std::vector<float> gain;
  std::vector<float> bias;
  float epsilon = 0;

  LayerNormWeights weights() const {
    return {.gain = gain.data(), .bias = bias.data(), .epsilon = epsilon};
  }
};

// Keys and values are one layer because they are always wanted for the same rows; the queries are
// not: the last block asks only for the first token of each text.
struct EncoderBlock {
  Linear query;      // dim -> dim
  Linear key_value;  // dim -> 2 dim: keys, then values
  Linear attention_output;
  LayerNormParameters attention_norm;
  Linear feed_forward_in;   // dim -> hidden_dim
  Linear feed_forward_out;  // hidden_dim -> dim
  LayerNormParameters output_norm;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_LAYERS_ENCODER_BLOCK_H_
