#include "server/classification.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

absl::Status Classification::SetOptions(const unchecked::v1::Options& options) {
  const absl::StatusOr<ClassifyOptions> checked = CheckOptions(options, serving_.defaults);
  if (!checked.ok()) return checked.status();
  options_ = *checked;
  return absl::OkStatus();
}

absl::StatusOr<QueuedText> Classification::Encode(const unchecked::v1::Input& input,
                                                  const std::string& field,
                                                  EncodedText* encoded) const {
  const absl::StatusOr<TextInput> checked = CheckInput(input, field, serving_.limits);
  if (!checked.ok()) return checked.status();
  const absl::Time start = SteadyNow();
  absl::StatusOr<Encoding> encoding = serving_.model->tokenizer.Encode(
      *checked, serving_.model->config.max_tokens(), options_.truncation);
  if (!encoding.ok()) {
    return absl::Status(encoding.status().code(),
                        absl::StrCat(field, ": ", encoding.status().message(), " (",
                                     serving_.model->config.max_tokens_source(),
                                     "); options.truncation RIGHT, LEFT or HEAD_TAIL cuts it"));
  }
  *encoded = {.total_tokens = encoding->total_tokens,
              .used_tokens = encoding->input_ids.size(),
              .tokenize = SteadyNow() - start};
  serving_.metrics->ObserveStage(Stage::kTokenize, encoded->tokenize);
  if (encoding->truncated()) serving_.metrics->CountTruncated();
  QueuedText text;
  text.input_ids = std::move(encoding->input_ids);
  text.deadline = caller_.deadline();
  text.abandoned = &caller_.abandoned();
  return text;
}

absl::StatusOr<v1::ClassifyResponse> Classification::Answer(
    const EncodedText& encoded, const absl::StatusOr<TextResult>& result) const {
  if (!result.ok()) return result.status();
  const absl::Duration total = SteadyNow() - arrival_;
  serving_.metrics->ObserveStage(Stage::kTotal, total);
  return MakeReply(serving_.model->config, options_, encoded, *result, total);
}

}  // namespace verdict
