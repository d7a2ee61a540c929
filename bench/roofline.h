// What a forward pass must compute, and what the machine can (Williams et al. 2009, "Roofline").
#ifndef VERDICT_BENCH_ROOFLINE_H_
#define VERDICT_BENCH_ROOFLINE_H_

#include "engine/config.h"
#include "engine/engine.h"
#include "engine/precision.h"

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

// The most operations a second that `threads` threads reach together with the kernels that serve
// `precision` on this CPU, for hundredths of a second, on 64 rows and weights [.., 768] that stay
// in their caches.
double HotMatrixPeak(Precision precision, int threads);

}  // namespace verdict

#endif  // VERDICT_BENCH_ROOFLINE_H_
