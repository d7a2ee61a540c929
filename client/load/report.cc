#include "client/load/report.h"

#include <cmath>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace verdict {
namespace {

using Json = nlohmann::ordered_json;

// In the order of LoadMethod; the last one is no method.
constexpr const char* kMethodNames[] = {"Classify", "ClassifyBatch", "ClassifyStream", "Tokenize",
                                        "GetModel"};

// A generator that starts calls so late measures itself.
constexpr double kTolerableLagMs = 10;

// A tenth of a microsecond is all that a reader can want, and NaN is no JSON.
Json Milliseconds(double seconds) {
  if (std::isnan(seconds)) return nullptr;
  return std::round(seconds * 1e7) / 1e4;
}

Json PerSecond(uint64_t count, absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  return seconds > 0 ? std::round(static_cast<double>(count) / seconds * 1000) / 1000 : 0;
}

Json LatencyJson(const LatencyHistogram& latency) {
  return {{"min", Milliseconds(latency.MinInSeconds())},
          {"mean", Milliseconds(latency.MeanInSeconds())},
          {"p50", Milliseconds(latency.QuantileInSeconds(0.5))},
          {"p90", Milliseconds(latency.QuantileInSeconds(0.9))},
          {"p95", Milliseconds(latency.QuantileInSeconds(0.95))},
          {"p99", Milliseconds(latency.QuantileInSeconds(0.99))},
          {"p99.9", Milliseconds(latency.QuantileInSeconds(0.999))},
          {"max", Milliseconds(latency.MaxInSeconds())}};
}

// Adds "codes" and "latency_ms" of those codes that there were.
void AddCodes(const MethodTally& tally, Json* json) {
  Json codes = Json::object();
  Json latency = Json::object();
  for (size_t i = 0; i < kStatusCodes; ++i) {
    if (tally.codes[i] == 0) continue;
    const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(i));
    codes[name] = tally.codes[i];
    if (tally.latency[i] != nullptr) latency[name] = LatencyJson(*tally.latency[i]);
  }
  (*json)["codes"] = std::move(codes);
  (*json)["latency_ms"] = std::move(latency);
}

Json TallyJson(const MethodTally& tally) {
  Json json = {{"started", tally.started},
               {"finished", tally.finished()},
               {"ok", tally.codes[0]},
               {"not_ok", tally.finished() - tally.codes[0]}};
  AddCodes(tally, &json);
  return json;
}

Json SummaryJson(const LoadTally& tally, absl::Duration duration) {
  const MethodTally calls = tally.Calls();
  const MethodTally requests = tally.Requests();
  Json json = {{"seconds", absl::ToDoubleSeconds(duration)},
               {"started", calls.started},
               {"finished", calls.finished()},
               {"ok", calls.codes[0]},
               {"offered_per_second", PerSecond(requests.started, duration)},
               {"goodput_per_second", PerSecond(tally.good_texts, duration)},
               {"texts_ok", tally.texts_ok},
               {"requests", TallyJson(requests)}};
  AddCodes(calls, &json);
  Json methods = Json::object();
  for (size_t i = 0; i < std::size(kMethodNames); ++i) {
    if (tally.methods[i].started > 0) AddCodes(tally.methods[i], &methods[kMethodNames[i]]);
  }
  json["methods"] = std::move(methods);
  json["messages"] = TallyJson(tally.of(LoadMethod::kMessage));
  json["ok_after_deadline"] = tally.ok_after_deadline;
  json["wrong_replies"] = tally.wrong_replies;
  return json;
}

Json StagesJson(const LoadFlags& flags, const LoadRecorder& recorder) {
  Json stages = Json::array();
  for (size_t i = 0; i < recorder.stages(); ++i) {
    const absl::Duration duration = recorder.StageDuration(i);
    Json stage = SummaryJson(recorder.stage(i), duration);
    if (flags.open_loop()) {
      const LoadStage& planned = flags.stages[i];
      stage["rate"] = (planned.begin_rate + planned.end_rate) / 2;
    } else {
      stage["rate"] = nullptr;
    }
    stage["duration_seconds"] = absl::ToDoubleSeconds(duration);
    stages.push_back(std::move(stage));
  }
  return stages;
}

Json SeriesJson(const LoadRecorder& recorder) {
  Json series = Json::array();
  for (size_t i = 0; i < recorder.seconds().size(); ++i) {
    const LoadSecond& second = recorder.seconds()[i];
    series.push_back({{"second", i},
                      {"started", second.started},
                      {"ok", second.ok},
                      {"failed", second.failed},
                      {"good_texts", second.good_texts},
                      {"p50_ms", Milliseconds(second.latency.QuantileInSeconds(0.5))},
                      {"p99_ms", Milliseconds(second.latency.QuantileInSeconds(0.99))}});
  }
  return series;
}

// [[quantile, ms], ...] up to the one that a single call lies above: what an HDR plot shows.
Json PercentilesJson(const LatencyHistogram& latency) {
  Json points = Json::array();
  const double most = static_cast<double>(latency.count());
  for (double x = 1; x <= most; x *= 1.25) {
    const double quantile = 1 - 1 / x;
    points.push_back({quantile, Milliseconds(quantile == 0 ? latency.MinInSeconds()
                                                           : latency.QuantileInSeconds(quantile))});
  }
  return points;
}

// The curves of all codes, of requests.
Json CurvesJson(const LoadTally& tally) {
  const MethodTally requests = tally.Requests();
  Json curves = Json::array();
  for (size_t i = 0; i < kStatusCodes; ++i) {
    if (requests.latency[i] == nullptr) continue;
    curves.push_back({{"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(i))},
                      {"points", PercentilesJson(*requests.latency[i])}});
  }
  return curves;
}

Json GeneratorJson(const GeneratorHealth& health) {
  const Json lag = LatencyJson(health.lag);
  const double calls = static_cast<double>(health.lag.count() + health.held_back);
  return {{"behind", lag["p99"].is_number() && lag["p99"] > kTolerableLagMs},
          {"lag_ms", lag},
          {"held_back", health.held_back},
          {"most_in_flight", health.most_in_flight},
          {"cpu_us_per_call",
           calls == 0 ? Json(nullptr) : Json(absl::ToDoubleMicroseconds(health.cpu_time) / calls)}};
}

Json OptionsJson(const LoadFlags& flags) {
  Json stages = Json::array();
  for (const LoadStage& stage : flags.stages) {
    const double seconds = absl::ToDoubleSeconds(stage.duration);
    stages.push_back({{"from", stage.begin_rate},
                      {"to", stage.end_rate},
                      {"seconds", std::isinf(seconds) ? Json(nullptr) : Json(seconds)}});
  }
  return {{"server", flags.connection.server},
          {"timeout", absl::FormatDuration(flags.connection.timeout)},
          {"attempts", flags.connection.attempts},
          {"connections", flags.connections},
          {"loop", flags.open_loop() ? "open" : "closed"},
          {"stages", std::move(stages)},
          {"poisson", flags.poisson},
          {"concurrency", flags.concurrency},
          {"duration", flags.duration ? Json(absl::FormatDuration(*flags.duration)) : nullptr},
          {"requests", flags.requests ? Json(*flags.requests) : nullptr},
          {"mix", flags.mix},
          {"batch_size", flags.batch_size},
          {"file", flags.file},
          {"token_counts", flags.token_counts},
          {"check", flags.check},
          {"bad_percent", flags.bad_percent},
          {"cancel_percent", flags.cancel_percent},
          {"cancel_after", absl::FormatDuration(flags.cancel_after)},
          {"max_in_flight", flags.max_in_flight},
          {"seed", flags.seed}};
}

// A dash where nothing was timed.
std::string LatencyText(const Json& latency, const char* key) {
  if (!latency.is_object() || !latency[key].is_number()) return "–";
  return absl::StrFormat("%.2f ms", latency[key].get<double>());
}

constexpr const char* kShownLatencies[] = {"p50", "p99", "p99.9", "max"};

}  // namespace

nlohmann::ordered_json LoadReport(const LoadSubject& subject, const LoadFlags& flags,
                                  const LoadRecorder& recorder, const GeneratorHealth& health) {
  return {{"subject", SubjectJson(subject)},
          {"options", OptionsJson(flags)},
          {"summary", SummaryJson(recorder.Total(), recorder.TotalDuration())},
          {"stages", StagesJson(flags, recorder)},
          {"series", SeriesJson(recorder)},
          {"percentiles", CurvesJson(recorder.Total())},
          {"generator", GeneratorJson(health)}};
}

std::vector<LoadFigure> LoadFigures(const nlohmann::ordered_json& report) {
  const Json& summary = report["summary"];
  const Json& requests = summary["requests"];
  std::vector<LoadFigure> figures = {
      {"requests", absl::StrCat(requests["started"].get<uint64_t>())},
      {"offered", absl::StrFormat("%.1f/s", summary["offered_per_second"].get<double>())},
      {"goodput", absl::StrFormat("%.1f texts/s", summary["goodput_per_second"].get<double>())},
      {"OK", absl::StrCat(requests["ok"].get<uint64_t>())},
      {"not OK", absl::StrCat(requests["not_ok"].get<uint64_t>())}};
  const Json latency = requests["latency_ms"].value("OK", Json());
  for (const char* const key : kShownLatencies) {
    figures.push_back({absl::StrCat(key, " of OK"), LatencyText(latency, key)});
  }
  return figures;
}

std::string LoadSummary(const nlohmann::ordered_json& report) {
  const Json& summary = report["summary"];
  const Json& requests = summary["requests"];
  const std::vector<LoadFigure> figures = LoadFigures(report);
  std::string text =
      absl::StrFormat("%s requests in %.1f s: offered %s, goodput %s, %s OK, %s not OK\n",
                      figures[0].value, summary["seconds"].get<double>(), figures[1].value,
                      figures[2].value, figures[3].value, figures[4].value);
  for (const auto& [code, count] : requests["codes"].items()) {
    absl::StrAppendFormat(&text, "%-20s %9d", code, count.get<uint64_t>());
    const Json latency = requests["latency_ms"].value(code, Json());
    for (const char* const key : kShownLatencies) {
      absl::StrAppendFormat(&text, "   %s %12s", key, LatencyText(latency, key));
    }
    absl::StrAppend(&text, "\n");
  }
  if (summary["ok_after_deadline"] > 0) {
    absl::StrAppend(&text, summary["ok_after_deadline"].get<uint64_t>(),
                    " answered after their deadline\n");
  }
  const Json& generator = report["generator"];
  if (generator["behind"]) {
    absl::StrAppendFormat(&text,
                          "The generator itself was late: by %.1f ms for 1 %% of the calls.\n",
                          generator["lag_ms"]["p99"].get<double>());
  }
  return text;
}

}  // namespace verdict
