// The architectures that are served: what tells the members of the BERT family apart is data.
#ifndef VERDICT_ENGINE_MODELS_ARCHITECTURES_H_
#define VERDICT_ENGINE_MODELS_ARCHITECTURES_H_

#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "engine/kernels/row_kernels.h"
#include "engine/models/model_config.h"

namespace verdict {

// A whole number of config.json that sizes the model: its range, and transformers' default.
struct Dimension {
  const char* name;
  const char* alias;  // another name of it, or null: transformers' attribute_map
  int ModelConfig::*value;
  int default_value;
  int least;
  int most;
};

// The fields of config.json whose names or defaults differ.
struct ConfigNames {
  absl::Span<const Dimension> dimensions;
  const char* activation;
  // Of all LayerNorms; null: they have the default.
  const char* layer_norm_epsilon;
  // What transformers keeps for this architecture without reading it, though it looks like a field
  // of a model.
  absl::Span<const char* const> unread;
};

// Tensors of one encoder block after the block's own name, each with ".weight" and ".bias".
struct BlockNames {
  const char* query;
  const char* key;
  const char* value;
  const char* attention_output;
  const char* attention_norm;
  const char* feed_forward_in;
  const char* feed_forward_out;
  const char* output_norm;
};

// logits = classifier(activation(dense(first token)))
struct HeadNames {
  const char* dense;  // hidden_size -> hidden_size
  bool dense_is_in_body;
  Epilogue activation;
  const char* classifier;  // hidden_size -> labels
};

struct Architecture {
  const char* model_type;  // as config.json says it
  const char* class_stem;  // of transformers' classes, e.g. "Bert" of BertForSequenceClassification
  ConfigNames config;
  // What the names of the body's tensors begin with. It may be left out, but not the head's.
  const char* body;
  const char* blocks;  // of all blocks, before their numbers: "encoder.layer."
  BlockNames block;
  HeadNames head;

  // The class of transformers that computes it.
  std::string class_name() const;
  // Whether `name` is a class of transformers with this body and another head.
  bool IsOtherHead(std::string_view name) const;
};

// Null: it is not served.
const Architecture* FindArchitecture(std::string_view model_type);

// All model types that are served, e.g. "bert, camembert, …", for messages.
std::string ServedModelTypes();

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_ARCHITECTURES_H_
