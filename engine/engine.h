// The seam between serving and computing: the server knows nothing of the engine but this file, the
// tokenizer and the model's description (model.h).
#ifndef VERDICT_ENGINE_ENGINE_H_
#define VERDICT_ENGINE_ENGINE_H_

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/kernel_names.h"
#include "engine/precision.h"
#include "engine/profile.h"

namespace verdict {

// What a text that is no pair has for Batch::first_segments: all its tokens are of the first.
inline constexpr int32_t kOneSegment = std::numeric_limits<int32_t>::max();

// The texts of one forward pass, packed: the tokens of all texts end to end, without padding.
struct Batch {
  // [tokens]
  std::vector<int32_t> input_ids;
  // [texts + 1], ascending from 0: text i is input_ids[offsets[i], offsets[i + 1]).
  std::vector<int32_t> offsets = {0};
  // [texts]: how many tokens, from its first on, are of a text's first segment (token type 0); the
  // others are of the second (1). A model that has no token types ignores it.
  std::vector<int32_t> first_segments;

  int texts() const { return static_cast<int>(offsets.size()) - 1; }
  int tokens() const { return static_cast<int>(input_ids.size()); }

  absl::Span<const int32_t> text(int text) const {
    return absl::MakeConstSpan(input_ids).subspan(offsets[text], offsets[text + 1] - offsets[text]);
  }

  // Adds one text's tokens at the end.
  void Append(absl::Span<const int32_t> text_input_ids, int32_t first_segment = kOneSegment) {
    input_ids.insert(input_ids.end(), text_input_ids.begin(), text_input_ids.end());
    offsets.push_back(static_cast<int32_t>(input_ids.size()));
    first_segments.push_back(first_segment);
  }
};

// The model's raw output.
struct Logits {
  // [texts, labels], row-major, texts in the order of the batch.
  std::vector<float> values;
  int labels = 0;

  absl::Span<const float> row(int text) const {
    return absl::MakeConstSpan(values).subspan(static_cast<size_t>(text) * labels, labels);
  }
};

struct BackendTable;

// How an engine is to compute.
struct EngineOptions {
  // Threads that compute one batch, the caller's included; at least 1.
  int threads = 1;
  // The most tokens of a batch of several texts; memory for them is taken at load. A single text
  // may have as many as the model takes.
  int max_batch_tokens = 512;
  // The most tokens of a text, if that is less than the model takes; 0: as many as it takes.
  int max_tokens = 0;
  // Where the CPU has no fast instructions for it, others serve, with a warning: see AllBackends.
  Precision precision = Precision::kF32;
  // Whose kernels compute the products: a backend's name, or "auto" for the fastest that this CPU
  // has.
  std::string kernels = std::string(kAutoKernels);
  // What there is to choose from; it outlives the load. Null: AllBackends().
  const BackendTable* backends = nullptr;
  // Where Run adds up the time of its steps; it outlives the engine. Null: nowhere.
  Profile* profile = nullptr;
};

// How long one Run took.
struct TimedRun {
  int tokens = 0;  // of its batch
  std::chrono::nanoseconds time{0};
};

// How an engine computes, for GetModel, the log and the metrics.
struct EngineInfo {
  std::string precision;  // "f32", "bf16" or "int8": the one in use
  std::string isa;        // the widest that oneDNN finds on this CPU, e.g. "avx2"
  // Names of those of the products, e.g. "panels:AVX2", "tiles:amx" or
  // "onednn:brgemm:avx512_core_vnni".
  std::string kernels;
  // Those that would be faster, but computed wrongly when they were checked at load; "": none did.
  std::string rejected_kernels = "";
  std::chrono::nanoseconds kernel_check{0};  // what checking them took
  int threads = 0;                           // that compute one batch
  uint64_t parameters = 0;
  // Runs at the smallest and the largest size, once warm, from before the first call came.
  std::vector<TimedRun> warm_up = {};
};

// Computes logits. One text's logits are a function of its tokens and segments alone, bit for bit:
// neither the other texts of the batch nor their order changes them (for one binary, CPU type and
// number of threads).
//
// Run may be called from one thread at a time; info from any.
class Engine {
 public:
  virtual ~Engine() = default;

  // Logits of every text of `batch`, which holds at least one text; each text has from 1 to
  // max_tokens tokens (see ModelConfig). Blocks until they are computed.
  //
  // INVALID_ARGUMENT: the batch breaks one of these rules, has more tokens than
  // EngineOptions::max_batch_tokens in several texts, or an id outside the vocabulary.
  virtual absl::StatusOr<Logits> Run(const Batch& batch) = 0;

  virtual const EngineInfo& info() const = 0;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_ENGINE_H_
