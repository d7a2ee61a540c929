#include "engine/models/tensor_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict {

TensorReader::TensorReader(const Checkpoint& checkpoint, const std::string& prefix,
                           const ClassifierBackends& backends, Task task)
    : checkpoint_(checkpoint), prefix_(prefix), backends_(backends), task_(task) {}

std::vector<float> TensorReader::Read(const std::string& name, const std::vector<int64_t>& shape) {
  if (!status_.ok()) return {};
  const std::string full_name = prefix_ + name;
  used_.insert(full_name);
  uint64_t size = 1;
  for (const int64_t dimension : shape) size *= dimension;
  parameters_ += size;
  if (task_ == Task::kCheck) {
    status_ = checkpoint_.Check(full_name, shape);
    memory_.weights += size * sizeof(float);
    return {};
  }
  auto values = checkpoint_.Read(full_name, shape);
  if (values.ok()) return *std::move(values);
  status_ = values.status();
  return {};
}

LayerNormParameters TensorReader::ReadLayerNorm(const std::string& name, int dim, float epsilon) {
  // As TensorFlow called them; transformers reads these names too.
  const bool old = checkpoint_.Contains(absl::StrCat(prefix_, name, ".gamma"));
  return {.gain = Read(absl::StrCat(name, old ? ".gamma" : ".weight"), {dim}),
          .bias = Read(absl::StrCat(name, old ? ".beta" : ".bias"), {dim}),
          .epsilon = epsilon};
}

absl::StatusOr<Linear> TensorReader::ReadLinear(ProductBackend& backend,
                                                const std::vector<std::string>& names, int in,
                                                int out) {
  std::vector<float> weights, bias;
  for (const std::string& name : names) {
    const auto append = [](std::vector<float>& all, std::vector<float> part) {
      if (all.empty()) {
        all = std::move(part);
      } else {
        all.insert(all.end(), part.begin(), part.end());
      }
    };
    append(weights, Read(absl::StrCat(name, ".weight"), {out, in}));
    append(bias, Read(absl::StrCat(name, ".bias"), {out}));
  }
  if (!status_.ok()) return status_;
  if (task_ == Task::kCheck) {
    AddLoading(backend.rows(), names.size() * in * static_cast<uint64_t>(out));
    return Linear();
  }
  auto linear = Linear::Create(backend, weights, bias);
  if (!linear.ok()) return linear;
  const int all = static_cast<int>(bias.size());
  if (absl::Status status = oracle_.Check(backend, linear->weights(), weights, in, all);
      !status.ok()) {
    return status;
  }
  return linear;
}

void TensorReader::Bind(Linear& linear, const std::vector<std::string>& names, int in, int out) {
  Assign(linear, ReadLinear(*backends_.layers, names, in, out));
}

void TensorReader::BindHead(Linear& linear, const std::string& name, int in, int out) {
  Assign(linear, ReadLinear(*backends_.head, {name}, in, out));
}

std::vector<std::string> TensorReader::UnusedTensors() const {
  std::vector<std::string> unused;
  for (std::string& name : checkpoint_.names()) {
    if (!used_.contains(name)) unused.push_back(std::move(name));
  }
  return unused;
}

// Of a layer whose weights are packed, so that they are not kept as they were read; beside it, they
// are there twice while several are set one below the other.
void TensorReader::AddLoading(const RowFormat& rows, uint64_t size) {
  memory_.weights -= size * (sizeof(float) - rows.bytes);
  memory_.loading = std::max(memory_.loading, 2 * size * sizeof(float));
}

void TensorReader::Assign(Linear& linear, absl::StatusOr<Linear> created) {
  if (created.ok()) {
    linear = *std::move(created);
  } else {
    status_.Update(created.status());
  }
}

}  // namespace verdict
