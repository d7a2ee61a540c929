#include "server/metrics/text_outcomes.h"

namespace verdict {

TextOutcomes::TextOutcomes(prometheus::Registry* registry, const std::string& model)
    : model_(model),
      family_(prometheus::BuildCounter()
                  .Name("verdict_texts_total")
                  .Help("Texts by what they came to, each once: alone, in a batch or in a stream.")
                  .Register(*registry)) {
  for (Method method : kTextMethods) {
    for (absl::StatusCode code : kKnownCodes) {
      counters_[Index(method)][Index(code)] = &family_.Add(LabelsOf(method, Index(code)));
    }
  }
}

void TextOutcomes::Count(Method method, absl::StatusCode code, int64_t texts) {
  const size_t index = CodeIndex(code);
  prometheus::Counter* counter = counters_[Index(method)][index];
  if (counter == nullptr) counter = &family_.Add(LabelsOf(method, index));
  counter->Increment(static_cast<double>(texts));
}

prometheus::Labels TextOutcomes::LabelsOf(Method method, size_t code) const {
  return {{"model", model_}, {"method", LabelValue(method)}, {"code", CodeName(code)}};
}

}  // namespace verdict
