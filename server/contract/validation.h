// What a request must be before any work is done on it: the contract's rules, and their messages.
//
// Every message names the field, the value and the limit; none repeats a caller's text. Every
// refusal has its reason and its field for programs too (server/contract/error_reason.h).
#ifndef VERDICT_SERVER_CONTRACT_VALIDATION_H_
#define VERDICT_SERVER_CONTRACT_VALIDATION_H_

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"
#include "server/contract/scores.h"

namespace verdict {

// The messages as they come off the wire: as those of verdict.v1, but their strings may hold any
// bytes (server/CMakeLists.txt tells why).
namespace unchecked::v1 {
class Input;
class Options;
}  // namespace unchecked::v1

// What the server's options allow a request to be.
struct RequestLimits {
  size_t max_inputs = 256;        // of one ClassifyBatch
  size_t max_text_bytes = 65536;  // of one input, text and text_pair together
};

// A model may have 100,000 labels, and a batch 256 texts.
inline constexpr size_t kMostDefaultLabels = 100;

// What holds where a request says nothing.
struct ClassifyDefaults {
  Activation activation = Activation::kSoftmax;
  Truncation truncation = Truncation::kRight;
  size_t labels = 2;  // of the model

  // How many labels a reply has: all, or the best kMostDefaultLabels of a model with more.
  size_t top_k() const { return std::min(labels, kMostDefaultLabels); }
};

// Options with every choice made.
struct ClassifyOptions {
  size_t top_k = 0;  // 0: all labels
  Activation activation = Activation::kSoftmax;
  Truncation truncation = Truncation::kRight;
  bool return_logits = false;
};

// INVALID_ARGUMENT: an enum has a value that the contract does not know, or softmax is asked of a
// model with one label.
absl::StatusOr<ClassifyOptions> CheckOptions(const unchecked::v1::Options& options,
                                             const ClassifyDefaults& defaults);

// The truncation that a request's enum asks for; `field` is its name in messages.
//
// INVALID_ARGUMENT: it has a value that the contract does not know.
absl::StatusOr<Truncation> CheckTruncation(int truncation, const std::string& field,
                                           const ClassifyDefaults& defaults);

// The texts of `input`, which the result borrows; `field` is the input's name in messages, e.g.
// "inputs[3]".
//
// INVALID_ARGUMENT: a text is empty, too long, or not UTF-8.
absl::StatusOr<TextInput> CheckInput(const unchecked::v1::Input& input, const std::string& field,
                                     const RequestLimits& limits);

// The size of the largest request that can be valid, framing included; never below gRPC's usual 4
// MiB, so that a text or a list that is only somewhat too large gets our message, with its name in
// it.
int MaxRequestBytes(const RequestLimits& limits);

// INVALID_ARGUMENT: none, or more than `limits` allow.
absl::Status CheckInputCount(size_t count, const RequestLimits& limits);

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_VALIDATION_H_
