// Times the engine alone: fixed shapes by their median, and a file of text lengths by throughput.
// Prints one JSON object a line, as compare.mjs reads them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
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
  for (auto& [step, time] : steps) {
    for (const auto& [name, earlier] : before.steps()) {
      if (name == step) time -= earlier;
    }
  }
  return steps;
}

double SumOf(const Profile::Steps& steps, const std::function<bool(std::string_view)>& wanted) {
  double sum = 0;
  for (const auto& [step, time] : steps) {
    if (wanted(step)) sum += Milliseconds(time).count();
  }
  return sum;
}

bool IsAny(std::string_view) { return true; }
// Products with what is done to them while they are in a cache.
bool IsProduct(std::string_view step) {
  return step != "embedding" && step != "attention" && step != "norms" && step != "head";
}

// Each step's share, in percent.
nlohmann::ordered_json Percentages(const Profile::Steps& steps) {
  nlohmann::ordered_json percentages;
  const double sum = SumOf(steps, IsAny);
  for (const auto& [step, time] : steps) {
    percentages[std::string(step)] = std::round(1000 * Milliseconds(time).count() / sum) / 10;
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

// Times in milliseconds, ascending.
std::vector<double> TimesOf(Engine& engine, const Batch& batch, double seconds) {
  std::vector<double> times;
  for (double total = 0; total < seconds * 1000 || times.size() < 7; total += times.back()) {
    times.push_back(RunMilliseconds(engine, batch));
  }
  std::sort(times.begin(), times.end());
  return times;
}

// `peak` is in operations a second; 0: not measured.
nlohmann::ordered_json BenchShape(const Model& model, const std::string& shape,
                                  const BenchOptions& options, double peak,
                                  const Profile& profile) {
  const Batch batch = BatchOf(shape, model);
  for (int i = 0; i < 2; ++i) RunMilliseconds(*model.engine, batch);
  // Run adds to it.
  const Profile before = profile;  // NOLINT(performance-unnecessary-copy-initialization)
  const std::vector<double> times = TimesOf(*model.engine, batch, options.seconds);
  const Profile::Steps steps = TimesSince(before, profile);
  const double median = times[times.size() / 2];
  nlohmann::ordered_json row = {{"shape", shape}, {"min_ms", times.front()}, {"p50_ms", median}};
  if (peak > 0) {
    const PassOperations operations = NecessaryOperations(model.config, batch);
    const double products = median * SumOf(steps, IsProduct) / SumOf(steps, IsAny);
    row["share_of_peak"] = operations.all() / (peak * median / 1000);
    row["products_share_of_peak"] = operations.products / (peak * products / 1000);
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
  double total = 0;
  for (const Batch& batch : batches) total += RunMilliseconds(*model.engine, batch);
  return {{"lengths", "packed"}, {"texts", texts}, {"texts_per_s", texts / total * 1000}};
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
  app.add_flag("--profile", options.profile, "say what share of the time each step took");
  app.add_flag("--peak", options.peak,
               "measure the matrix peak first, and say what share of it each shape reaches");
  CLI11_PARSE(app, argc, argv);

  double peak = 0;
  if (options.peak) {
    peak = HotMatrixPeak(*PrecisionOf(options.precision), options.threads);
    std::cout << nlohmann::ordered_json{{"peak", peak}} << std::endl;
  }
  Profile profile;
  const auto model = LoadModel(options.model, {.threads = options.threads,
                                               .max_batch_tokens = options.max_batch_tokens,
                                               .precision = *PrecisionOf(options.precision),
                                               .profile = &profile});
  if (!model.ok()) {
    std::cerr << "engine_bench: " << model.status() << "\n";
    return 1;
  }
  for (const std::string& warning : model->warnings)
    std::cerr << "engine_bench: " << warning << "\n";
  for (const std::string& shape : options.shapes) {
    std::cout << BenchShape(*model, shape, options, peak, profile) << std::endl;
  }
  if (!options.lengths_file.empty()) std::cout << BenchLengths(*model, options) << std::endl;
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
