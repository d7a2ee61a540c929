// What verdictd tells Prometheus about the model.
#ifndef VERDICT_SERVER_METRICS_SERVED_MODEL_H_
#define VERDICT_SERVER_METRICS_SERVED_MODEL_H_

#include <string>

#include "absl/time/time.h"

namespace verdict {

// What runs here, for verdict_model_info and verdict_model_load_seconds. None of it is chosen by a
// caller.
struct ServedModel {
  std::string name = "";
  std::string revision = "";
  std::string precision = "";
  std::string isa = "";
  std::string kernels = "";
  std::string rejected_kernels = "";  // that did not compute what oneDNN does; empty: none
  int threads = 0;
  absl::Duration load =
      absl::ZeroDuration();  // from opening the directory to the end of the warm-up
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_SERVED_MODEL_H_
