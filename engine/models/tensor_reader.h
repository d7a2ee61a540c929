// Reads a checkpoint's tensors into layers, so that binding an architecture reads as a list of
// names and shapes.
#ifndef VERDICT_ENGINE_MODELS_TENSOR_READER_H_
#define VERDICT_ENGINE_MODELS_TENSOR_READER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/files/checkpoint.h"
#include "engine/kernels/oracle.h"
#include "engine/kernels/product.h"
#include "engine/layers/encoder_block.h"
#include "engine/layers/linear.h"
#include "engine/machine/memory_limit.h"

namespace verdict {

// What computes the products.
struct ClassifierBackends {
  std::unique_ptr<ProductBackend> layers;
  std::unique_ptr<ProductBackend> head;
};

// Reads tensors one after another and remembers the first error; after it every read gives nothing.
// Or only looks for them, and adds up their memory: then every read gives nothing, too.
//
// For one thread. The checkpoint and the backends outlive it.
class TensorReader {
 public:
  enum class Task { kCheck, kRead };

  // All names begin with `prefix`, which is left out below.
  TensorReader(const Checkpoint& checkpoint, const std::string& prefix,
               const ClassifierBackends& backends, Task task);

  // The values of tensor `name`, row-major.
  std::vector<float> Read(const std::string& name, const std::vector<int64_t>& shape);

  // Gain and bias of `name`, each [dim].
  LayerNormParameters ReadLayerNorm(const std::string& name, int dim, float epsilon);

  // Makes `linear` one layer of the layers `names`, each [out, in], set one below the other, for
  // the layers' backend.
  void Bind(Linear& linear, const std::vector<std::string>& names, int in, int out);

  // The same of one layer, for the head's backend.
  void BindHead(Linear& linear, const std::string& name, int in, int out);

  // The first error. INVALID_ARGUMENT: as Checkpoint::Check and Read. UNAVAILABLE: as
  // Checkpoint::Read. INTERNAL: as ProductBackend::Pack. DATA_LOSS: as Oracle::Check.
  const absl::Status& status() const { return status_; }

  uint64_t parameters() const { return parameters_; }
  std::chrono::nanoseconds kernel_check() const { return oracle_.time(); }
  // `weights` and `loading` are set.
  const ModelMemory& memory() const { return memory_; }

  // The checkpoint's tensors that nobody asked for, with the prefix, in name order.
  std::vector<std::string> UnusedTensors() const;

 private:
  absl::StatusOr<Linear> ReadLinear(ProductBackend& backend, const std::vector<std::string>& names,
                                    int in, int out);
  void AddLoading(const RowFormat& rows, uint64_t size);
  void Assign(Linear& linear, absl::StatusOr<Linear> created);

  const Checkpoint& checkpoint_;
  const std::string prefix_;
  const ClassifierBackends& backends_;
  Oracle oracle_;
  absl::Status status_;
  const Task task_;
  ModelMemory memory_;
  uint64_t parameters_ = 0;
  std::set<std::string> used_;
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_TENSOR_READER_H_
