// The weights of a model directory: model.safetensors, or the shards of
// model.safetensors.index.json.
#ifndef VERDICT_ENGINE_FILES_CHECKPOINT_H_
#define VERDICT_ENGINE_FILES_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/files/safetensors.h"

namespace verdict {

// Tensors by name, whichever file they are in. Reads values from disk only when asked, so that the
// memory of a tensor is its reader's and lives only as long as packing needs it.
//
// Immutable after Open; Read and Revision may be called from any thread.
class Checkpoint {
 public:
  // Opens every weights file of `directory`, and checks all headers.
  //
  // Where both are there, model.safetensors counts, as in transformers.
  //
  // NOT_FOUND: there are no weights. INVALID_ARGUMENT: a file or the index is malformed, or they do
  // not agree; the message names the file, the tensor and the numbers. Otherwise as File::Open.
  static absl::StatusOr<Checkpoint> Open(const std::string& directory);

  Checkpoint(Checkpoint&&) = default;
  Checkpoint& operator=(Checkpoint&&) = default;

  bool Contains(std::string_view name) const;

  // In name order.
  std::vector<std::string> names() const;

  // Three of the names, quoted, for a message.
  std::string SomeNames() const;

  // Whether tensor `name` is there as Read wants it: from the headers alone.
  //
  // INVALID_ARGUMENT: it is not.
  absl::Status Check(std::string_view name, absl::Span<const int64_t> shape) const;

  // The values of tensor `name` as float32, row-major; F16 and BF16 are widened exactly, F64 is
  // rounded.
  //
  // INVALID_ARGUMENT: missing, of another shape than `shape`, not a float type, or holding NaN,
  // infinity or what is too large for float32. UNAVAILABLE: the file could not be read, or changed
  // its size since Open.
  absl::StatusOr<std::vector<float>> Read(std::string_view name,
                                          absl::Span<const int64_t> shape) const;

  // SHA-256 of the weights file in hexadecimal; with shards, of their digests (as printed, end to
  // end) in file-name order. Reads all of the files.
  //
  // UNAVAILABLE: as Read.
  absl::StatusOr<std::string> Revision() const;

 private:
  Checkpoint() = default;

  // INVALID_ARGUMENT: there is no tensor `name`, and one of `shape` is expected.
  absl::StatusOr<const SafetensorsFile*> FileOf(std::string_view name,
                                                absl::Span<const int64_t> shape) const;

  std::string directory_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, size_t, std::less<>> file_of_tensor_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_CHECKPOINT_H_
