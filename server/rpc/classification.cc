#include "server/rpc/classification.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "server/contract/error_reason.h"
#include "server/contract/reply_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

absl::Status TooManyTokens(const std::string& field, size_t tokens, const ModelConfig& config) {
  const auto most = static_cast<size_t>(config.max_tokens());
  return InvalidRequest(
      v1::TOO_MANY_TOKENS, field,
      absl::StrCat(field, " has ", tokens, " tokens, special ones included; the limit is ", most,
                   " (", config.max_tokens_source(),
                   "): shorten it, or set options.truncation to "
                   "RIGHT, LEFT or HEAD_TAIL (--truncation is the server's)"),
      MetLimit{.option = "options.truncation", .limit = most, .found = tokens});
}

}  // namespace

absl::Status Classification::SetOptions(const unchecked::v1::Options& options) {
  const absl::StatusOr<ClassifyOptions> checked = CheckOptions(options, serving_.defaults);
  if (!checked.ok()) return checked.status();
  options_ = *checked;
  return absl::OkStatus();
}

int64_t Classification::ReplyBytes(size_t texts) const {
  return verdict::ReplyBytes(serving_.model->config, options_, texts);
}

absl::StatusOr<QueuedText> Classification::Encode(const unchecked::v1::Input& input,
                                                  const std::string& field,
                                                  EncodedText* encoded) const {
  encoded->stages.inference_span = followed_.FollowText();
  absl::StatusOr<QueuedText> text = Tokenize(input, field, encoded);
  if (text.ok()) {
    text->stages = &encoded->stages;
  } else {
    encoded->stages.End(text.status().code(), SteadyNow());
  }
  return text;
}

absl::StatusOr<QueuedText> Classification::Tokenize(const unchecked::v1::Input& input,
                                                    const std::string& field,
                                                    EncodedText* encoded) const {
  const absl::StatusOr<TextInput> checked = CheckInput(input, field, serving_.limits);
  if (!checked.ok()) return checked.status();
  TextStages& stages = encoded->stages;
  stages.tokenizing = SteadyNow();
  const auto max_tokens = static_cast<size_t>(serving_.model->config.max_tokens());
  // A text that is to be refused if it is too long is cut too, since only then its length is known.
  const bool refuse = options_.truncation == Truncation::kError;
  absl::StatusOr<Encoding> encoding = serving_.model->tokenizer.Encode(
      *checked, max_tokens, refuse ? Truncation::kRight : options_.truncation);
  if (!encoding.ok()) return encoding.status();
  if (refuse && encoding->truncated()) {
    return TooManyTokens(field, encoding->total_tokens, serving_.model->config);
  }
  stages.tokenized = SteadyNow();
  stages.tokens = static_cast<int64_t>(encoding->input_ids.size());
  encoded->total_tokens = encoding->total_tokens;
  encoded->used_tokens = encoding->input_ids.size();
  encoded->tokenize = stages.tokenized - stages.tokenizing;
  serving_.metrics->ObserveStage(Stage::kTokenize, encoded->tokenize);
  if (encoding->truncated()) serving_.metrics->CountTruncated();
  QueuedText text;
  text.input_ids = std::move(encoding->input_ids);
  if (encoding->before_pair) text.first_segment = static_cast<int32_t>(*encoding->before_pair);
  text.caller = &caller_.named();
  text.deadline = caller_.deadline();
  text.abandoned = &caller_.abandoned();
  return text;
}

absl::StatusOr<v1::ClassifyResponse> Classification::Answer(
    const absl::StatusOr<TextResult>& result, EncodedText* encoded) const {
  const absl::Time now = SteadyNow();
  encoded->stages.End(result.status().code(), now);
  if (!result.ok()) return result.status();
  serving_.metrics->ObserveStage(Stage::kTotal, now - arrival_);
  absl::StatusOr<v1::ClassifyResponse> reply =
      MakeReply(serving_.model->config, options_, *encoded, *result, now - arrival_);
  encoded->stages.code = reply.status().code();
  return reply;
}

}  // namespace verdict
