#include "server/metrics/text_outcomes.h"

#include <utility>

namespace verdict {

TextOutcomes::TextOutcomes(prometheus::Registry* registry, const std::string& model)
    : model_(model),
      family_(prometheus::BuildCounter()
                  .Name("verdict_texts_total")
                  .Help("Texts by what they came to, each once: alone, in a batch or in a stream.")
                  .Register(*registry)) {
  Add(AnyCaller());
}

void TextOutcomes::Add(const NamedCaller& caller) {
  absl::MutexLock lock(&mutex_);
  if (counters_[caller.index()] != nullptr) return;
  auto counters = std::make_unique<Counters>();
  for (Method method : kTextMethods) {
    for (absl::StatusCode code : kKnownCodes) {
      (*counters)[Index(method)][Index(code)] = &AddSeries(caller, method, Index(code));
    }
  }
  counters_[caller.index()] = counters.get();
  owned_.push_back(std::move(counters));
}

void TextOutcomes::Count(const NamedCaller& caller, Method method, absl::StatusCode code,
                         int64_t texts) {
  Counters* counters = counters_[caller.index()];
  const bool has_series = counters != nullptr;
  if (!has_series) counters = counters_[AnyCaller().index()];
  const size_t index = CodeIndex(code);
  std::atomic<prometheus::Counter*>& counter = (*counters)[Index(method)][index];
  // The registry makes a series of the same labels once.
  if (counter == nullptr) counter = &AddSeries(has_series ? caller : AnyCaller(), method, index);
  counter.load()->Increment(static_cast<double>(texts));
}

prometheus::Counter& TextOutcomes::AddSeries(const NamedCaller& caller, Method method,
                                             size_t code) {
  prometheus::Labels labels = {
      {"model", model_}, {"method", LabelValue(method)}, {"code", CodeName(code)}};
  if (!caller.name().empty()) labels.emplace("caller", caller.name());
  return family_.Add(labels);
}

}  // namespace verdict
