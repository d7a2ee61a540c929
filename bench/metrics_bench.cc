// Times what the metrics of one call cost together, from one and from two threads: of a Classify
// that is answered, and of one that is refused. Arguments are Google Benchmark's own.
#include "benchmark/benchmark.h"
#include "server/metrics/metrics.h"

namespace verdict {
namespace {

Metrics& TheMetrics() {
  static Metrics metrics(ServedModel{});  // NOLINT(cert-err58-cpp)
  return metrics;
}

// All that is counted and timed between the arrival of a text and its reply. A batch of one: in
// larger ones, what is counted by batch costs a text less.
void Answered(benchmark::State& state) {
  Metrics& metrics = TheMetrics();
  for (auto _ : state) {
    metrics.calls().Started(Method::kClassify);
    metrics.calls().MessageReceived(Method::kClassify);
    metrics.AddInFlight(1, 100);
    metrics.ObserveStage(Stage::kTokenize, absl::Microseconds(20));
    metrics.SetQueue(1, 25, absl::Milliseconds(1));
    metrics.SetQueue(0, 0, absl::ZeroDuration());
    metrics.ObserveBatch(1, 25, absl::Milliseconds(1));
    metrics.CountTokens(25);
    metrics.ObserveStage(Stage::kQueue, absl::Milliseconds(3));
    metrics.ObserveStage(Stage::kInference, absl::Milliseconds(12));
    metrics.ObserveStage(Stage::kTotal, absl::Milliseconds(15));
    metrics.SetTokensPerSecond(3500);
    metrics.calls().MessageSent(Method::kClassify);
    metrics.calls().Handled(Method::kClassify, absl::StatusCode::kOk, absl::Milliseconds(15));
    metrics.AddInFlight(-1, -100);
  }
}

void Refused(benchmark::State& state) {
  Metrics& metrics = TheMetrics();
  for (auto _ : state) {
    metrics.calls().Started(Method::kClassify);
    metrics.calls().MessageReceived(Method::kClassify);
    metrics.AddInFlight(1, 100);
    metrics.CountShed(ShedReason::kDeadline, 1);
    metrics.calls().Handled(Method::kClassify, absl::StatusCode::kResourceExhausted,
                            absl::Microseconds(10));
    metrics.AddInFlight(-1, -100);
  }
}

void Scrape(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(TheMetrics().Expose());
}

BENCHMARK(Answered)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(Refused)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(Scrape)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace verdict

BENCHMARK_MAIN();
