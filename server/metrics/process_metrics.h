// The nine process_* metrics that every Prometheus client library has.
#ifndef VERDICT_SERVER_METRICS_PROCESS_METRICS_H_
#define VERDICT_SERVER_METRICS_PROCESS_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace verdict {

// Reads them from the proc file system at every scrape. A value that the system does not tell is
// left out, as other clients do: no number is better than a wrong one.
//
// Const, so it may be used from any thread.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  // `proc` is where the proc file system is; tests hand in their own.
  explicit ProcessMetrics(std::string proc = "/proc");

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string proc_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_PROCESS_METRICS_H_
