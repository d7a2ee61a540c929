// What a forward pass must compute, and what the machine can (Williams et al. 2009, "Roofline").
#ifndef VERDICT_BENCH_ROOFLINE_H_
#define VERDICT_BENCH_ROOFLINE_H_

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/models/config.h"
#include "engine/precision.h"
#include "engine/threads/workers.h"

namespace verdict {

// Floating-point (or integer) operations of a forward pass, a multiplication and an addition being
// two, and of the last layer only what the classifier reads. Passes over rows are not counted.
struct PassOperations {
  double products = 0;  // of the encoder's linear layers
  double attention = 0;
  double head = 0;

  double all() const { return products + attention + head; }
};

PassOperations NecessaryOperations(const ModelConfig& config, const Batch& batch);

// The operations a second that `threads` threads reach together with the kernels of that
// name in `precision`, on 64 rows and weights [.., 768] that stay in their caches. It changes
// with what else the machine does: what is compared with it is measured in turn with it.
class HotMatrixPeak {
 public:
  HotMatrixPeak(Precision precision, std::string_view kernels, int threads);
  ~HotMatrixPeak();

  // In a window of kWindow.
  double Measure();

  // Long enough that starting the threads does not count, short enough to fall between two
  // disturbances by neighbours.
  static constexpr std::chrono::milliseconds kWindow{10};

 private:
  std::unique_ptr<class ProductBackend> backend_;
  std::vector<std::unique_ptr<class HotProduct>> products_;  // [threads]
  Workers workers_;
};

}  // namespace verdict

#endif  // VERDICT_BENCH_ROOFLINE_H_
