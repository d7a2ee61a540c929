// What each call of a load is.
#ifndef VERDICT_CLIENT_LOAD_MIX_H_
#define VERDICT_CLIENT_LOAD_MIX_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/load/random_numbers.h"

namespace verdict {

// kStream is a message on a long-lived ClassifyStream.
enum class CallKind { kClassify, kBatch, kStream, kTokenize, kInfo };
constexpr size_t kCallKinds = 5;

// What is wrong with a call that must get INVALID_ARGUMENT; it is a Classify always.
enum class Fault { kNone, kEmptyText, kNotUtf8, kUnknownEnum, kTextTooLong };
constexpr size_t kFaults = 5;

// How often each kind is called, in any unit.
using MixWeights = std::array<double, kCallKinds>;

// Reads "classify=70,batch=10,stream=10,tokenize=5,info=5"; what is not named has 0.
// INVALID_ARGUMENT: the message says what was expected and found.
absl::StatusOr<MixWeights> ParseMix(absl::string_view text);

struct LoadMixOptions {
  MixWeights weights = {1, 0, 0, 0, 0};
  double bad_percent = 0;
  double cancel_percent = 0;  // of those that are neither bad nor messages on a stream
  size_t texts = 1;           // how many different ones there are
  size_t batch_size = 1;      // texts of one batch
  uint64_t seed = 1;
};

struct PlannedCall {
  CallKind kind = CallKind::kClassify;
  Fault fault = Fault::kNone;
  bool cancelled = false;
  size_t text =
      0;  // index of the only or, in a batch, the first; the others follow, round and round
};

// Plans calls one by one: kinds at random by their weights, texts in their order, round and round,
// each kind of fault as often as the others. The same options plan the same calls.
//
// Policy only. Not thread-safe.
class LoadMix {
 public:
  // REQUIRES: a weight above 0; texts and batch_size at least 1.
  explicit LoadMix(const LoadMixOptions& options);

  PlannedCall Next();

 private:
  CallKind NextKind();

  const LoadMixOptions options_;
  double total_weight_ = 0;
  RandomNumbers random_;
  size_t next_text_ = 0;
  size_t next_fault_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_MIX_H_
