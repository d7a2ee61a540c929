// Times the engine alone: fixed shapes by quantiles of their passes, and a file of text lengths by
// throughput, each with the share of the CPUs that it used; at the end the process's peak memory.
// Prints one JSON object a line, as compare.mjs reads them.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/roofline.h"
#include "engine/model.h"
#include "nlohmann/json.hpp"

namespace verdict {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct BenchOptions {
  std::string model;
  int threads = 1;
  int max_batch_tokens = 512;
  std::string precision = "f32";
  std::string kernels = std::string(kAutoKernels);
  bool profile = false;
  bool peak = false;
  double seconds = 1.5;  // per fixed shape
  std::vector<std::string> shapes = {"1x8", "1x32", "1x128", "1x512"};
  std::string lengths_file;
};

// Ids that no two texts share in order, and that no special token has.
std::vector<int32_t> Text(int tokens, int seed, int vocab_size) {
  std::vector<int32_t> ids(tokens);
  for (int i = 0; i < tokens; ++i)
    ids[i] = 1000 % vocab_size + (i * 7919 + seed * 104729) % (vocab_size - 1000 % vocab_size);
  return ids;
}

double RunMilliseconds(Engine& engine, const Batch& batch) {
  const auto start = Clock::now();
  const auto logits = engine.Run(batch);
  const Milliseconds elapsed = Clock::now() - start;
  if (!logits.ok()) {
    std::cerr << "engine_bench: " << logits.status() << "\n";
    std::exit(1);
  }
  return elapsed.count();
}

// The steps' times since `before`, in the order of the pass.
Profile::Steps TimesSince(const Profile& before, const Profile& profile) {
  Profile::Steps steps = profile.steps();
  for (Profile::Step& step : steps) {
    for (const Profile::Step& earlier : before.steps()) {
      if (earlier.name != step.name) continue;
      step.time -= earlier.time;
      step.products -= earlier.products;
    }
  }
  return steps;
}

// All steps as one.
Profile::Step SumOf(const Profile::Steps& steps) {
  Profile::Step sum;
  for (const Profile::Step& step : steps) {
    sum.time += step.time;
    sum.products += step.products;
  }
  return sum;
}

// What share of `whole`, in percent.
double Percent(std::chrono::nanoseconds part, std::chrono::nanoseconds whole) {
  return std::round(1000.0 * static_cast<double>(part.count()) /
                    static_cast<double>(whole.count())) /
         10;
}

// Each step's share, and of those with products what these take alone.
nlohmann::ordered_json Percentages(const Profile::Steps& steps) {
  nlohmann::ordered_json percentages;
  const Profile::Step sum = SumOf(steps);
  for (const Profile::Step& step : steps) {
    percentages[std::string(step.name)] = Percent(step.time, sum.time);
    if (step.products.count() == 0) continue;
    percentages[std::string(step.name) + ": products"] = Percent(step.products, sum.time);
  }
  return percentages;
}

Batch BatchOf(const std::string& shape, const Model& model) {
  int texts = 0, tokens = 0;
  if (std::sscanf(shape.c_str(), "%dx%d", &texts, &tokens) != 2) {
    std::cerr << "engine_bench: shape '" << shape << "': expected TEXTSxTOKENS, such as 1x128\n";
    std::exit(2);
  }
  Batch batch;
  for (int i = 0; i < texts; ++i) batch.Append(Text(tokens, i, model.config.vocab_size));
  return batch;
}

double Median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

// The smallest of `numbers` that a share `quantile` of them does not exceed: of few, the largest.
double Quantile(std::vector<double> numbers, double quantile) {
  std::sort(numbers.begin(), numbers.end());
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(numbers.size())));
  return numbers[std::max<size_t>(rank, 1) - 1];
}

double CpuMilliseconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto milliseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
}

// The most memory that this process had at a time, loading included. Not getrusage's, which counts
// that of the process that started this one.
double PeakMemoryMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024 / 1e6;
  }
  return 0;
}

struct Measurements {
  std::vector<double> milliseconds;  // of passes
  double cpu_milliseconds = 0;       // of all threads, in the passes
  std::vector<double> peaks;         // operations a second, if measured: in turn with the passes
};

// `peak` may be null; else it takes some time of its own, and is measured once at least.
Measurements Measure(Engine& engine, const Batch& batch, double seconds, HotMatrixPeak* peak) {
  constexpr double kPeakShare = 0.125;  // of the time of the passes
  Measurements measured;
  Milliseconds next_peak(0);
  for (double total = 0; total < seconds * 1000 || measured.milliseconds.size() < 7;) {
    const double cpu_before = CpuMilliseconds();
    measured.milliseconds.push_back(RunMilliseconds(engine, batch));
    measured.cpu_milliseconds += CpuMilliseconds() - cpu_before;
    total += measured.milliseconds.back();
    while (peak != nullptr && total * kPeakShare >= next_peak.count()) {
      measured.peaks.push_back(peak->Measure());
      next_peak += HotMatrixPeak::kWindow;
    }
  }
  return measured;
}

// `peak` may be null.
nlohmann::ordered_json BenchShape(const Model& model, const std::string& shape,
                                  const BenchOptions& options, HotMatrixPeak* peak,
                                  const Profile& profile) {
  const Batch batch = BatchOf(shape, model);
  for (int i = 0; i < 2; ++i) RunMilliseconds(*model.engine, batch);
  // Run adds to it.
  const Profile before = profile;  // NOLINT(performance-unnecessary-copy-initialization)
  const Measurements measured = Measure(*model.engine, batch, options.seconds, peak);
  const Profile::Steps steps = TimesSince(before, profile);
  const double least =
      *std::min_element(measured.milliseconds.begin(), measured.milliseconds.end());
  const double median = Median(measured.milliseconds);
  const double all =
      std::accumulate(measured.milliseconds.begin(), measured.milliseconds.end(), 0.0);
  nlohmann::ordered_json row = {
      {"shape", shape},
      {"passes", measured.milliseconds.size()},
      {"min_ms", least},
      {"p50_ms", median},
      {"p95_ms", Quantile(measured.milliseconds, 0.95)},
      {"p99_ms", Quantile(measured.milliseconds, 0.99)},
      {"cpu_utilisation", measured.cpu_milliseconds / (all * options.threads)}};
  if (peak != nullptr) {
    const PassOperations operations = NecessaryOperations(model.config, batch);
    const double hot = Median(measured.peaks);
    const double best = *std::max_element(measured.peaks.begin(), measured.peaks.end());
    const Profile::Step sum = SumOf(steps);
    const double products = Milliseconds(sum.products) / Milliseconds(sum.time);
    row["peak"] = hot;
    row["share_of_peak"] = operations.all() / (hot * median / 1000);
    row["products_share_of_peak"] = operations.products / (hot * products * median / 1000);
    row["best_peak"] = best;
    row["best_share_of_best_peak"] = operations.all() / (best * least / 1000);
  }
  if (options.profile) row["percent"] = Percentages(steps);
  return row;
}

// Texts in the order of the file, as many to a batch as fit.
nlohmann::json BenchLengths(const Model& model, const BenchOptions& options) {
  std::ifstream file(options.lengths_file);
  std::vector<Batch> batches(1);
  int texts = 0;
  for (int tokens; file >> tokens; ++texts) {
    if (batches.back().tokens() + tokens > options.max_batch_tokens && batches.back().texts() > 0) {
      batches.emplace_back();
    }
    batches.back().Append(Text(tokens, texts, model.config.vocab_size));
  }
  RunMilliseconds(*model.engine, batches.front());
  const double cpu_before = CpuMilliseconds();
  double total = 0;
  for (const Batch& batch : batches) total += RunMilliseconds(*model.engine, batch);
  return {{"lengths", "packed"},
          {"texts", texts},
          {"texts_per_s", texts / total * 1000},
          {"cpu_utilisation", (CpuMilliseconds() - cpu_before) / (total * options.threads)}};
}

int Main(int argc, char** argv) {
  BenchOptions options;
  CLI::App app{"Times Verdict's engine on a model directory."};
  app.add_option("model", options.model, "model directory")->required();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--max-batch-tokens", options.max_batch_tokens)->capture_default_str();
  app.add_option("--seconds", options.seconds, "time for each shape")->capture_default_str();
  app.add_option("--shapes", options.shapes, "TEXTSxTOKENS, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--lengths", options.lengths_file, "file of text lengths in tokens, one a line");
  app.add_option("--precision", options.precision)
      ->check([](const std::string& name) {
        return std::string(PrecisionOf(name) ? "" : "expected f32, bf16 or int8");
      })
      ->capture_default_str();
  app.add_option("--kernels", options.kernels, "auto, onednn, panels or tiles")
      ->capture_default_str();
  app.add_flag("--profile", options.profile, "say what share of the time each step took");
  app.add_flag("--peak", options.peak,
               "measure the matrix peak in turn with the passes, and say what share they reach");
  CLI11_PARSE(app, argc, argv);

  std::optional<HotMatrixPeak> peak;
  if (options.peak) peak.emplace(*PrecisionOf(options.precision), options.kernels, options.threads);
  Profile profile;
  const auto model = LoadModel(options.model, {.threads = options.threads,
                                               .max_batch_tokens = options.max_batch_tokens,
                                               .precision = *PrecisionOf(options.precision),
                                               .kernels = options.kernels,
                                               .profile = &profile});
  if (!model.ok()) {
    std::cerr << "engine_bench: " << model.status() << "\n";
    return 1;
  }
  for (const std::string& warning : model->warnings)
    std::cerr << "engine_bench: " << warning << "\n";
  for (const std::string& shape : options.shapes) {
    std::cout << BenchShape(*model, shape, options, peak ? &*peak : nullptr, profile) << std::endl;
  }
  if (!options.lengths_file.empty()) std::cout << BenchLengths(*model, options) << std::endl;
  const nlohmann::ordered_json process = {
      {"process", "engine"},
      {"kernels", model->engine->info().kernels},
      {"peak_memory_mb", PeakMemoryMegabytes()}};
  std::cout << process << std::endl;
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
