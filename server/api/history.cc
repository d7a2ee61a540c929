#include "server/api/history.h"

#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace verdict {
namespace {

double CpuSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

nlohmann::ordered_json NumberOrNull(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

void History::Sample(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (!samples_.empty() && now - samples_.back().time < kEvery) return;
  samples_.push_back({.time = now, .figures = metrics_.Figures(), .cpu_seconds = CpuSeconds()});
  // One more than is shown: a rate is between two.
  if (samples_.size() > kKept + 1) samples_.pop_front();
}

std::string History::Json() const {
  nlohmann::ordered_json json = {{"seconds", absl::ToInt64Seconds(kEvery)}};
  for (const char* name : {"texts", "tokens", "p99", "queue", "refused", "cpu"}) {
    json[name] = nlohmann::ordered_json::array();
  }
  absl::MutexLock lock(&mutex_);
  for (size_t i = 1; i < samples_.size(); ++i) {
    const Sampled& before = samples_[i - 1];
    const Sampled& now = samples_[i];
    const double seconds = absl::ToDoubleSeconds(now.time - before.time);
    const auto rate = [seconds](double from, double to) {
      return NumberOrNull((to - from) / seconds);
    };
    json["texts"].push_back(rate(before.figures.texts, now.figures.texts));
    json["tokens"].push_back(rate(before.figures.tokens, now.figures.tokens));
    json["p99"].push_back(NumberOrNull(now.figures.p99_seconds));
    json["queue"].push_back(NumberOrNull(now.figures.queue_texts));
    json["refused"].push_back(rate(before.figures.refused, now.figures.refused));
    json["cpu"].push_back(rate(before.cpu_seconds, now.cpu_seconds));
  }
  return json.dump() + "\n";
}

HttpRoute HistoryRoute(const History& history) {
  return {.path = "/history.json", .get = [&history](const HttpRequest&) -> HttpAnswer {
            return HttpResponse{.content_type = "application/json", .body = history.Json()};
          }};
}

}  // namespace verdict
