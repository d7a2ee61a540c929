#include "server/rpc/classify_batch_call.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/error_reason.h"
#include "server/transport/message_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"

namespace verdict {
namespace {

// Of text. They take a millisecond or two, by the texts.
constexpr size_t kSliceBytes = 64 << 10;

}  // namespace

struct ClassifyBatchCall::Inputs {
  unchecked::v1::ClassifyBatchRequest request;
  size_t next = 0;  // to be tokenized
  std::vector<QueuedText> texts;
};

ClassifyBatchCall::ClassifyBatchCall(const Serving& serving, grpc::CallbackServerContext* context)
    : Call(Method::kClassifyBatch, serving, context),
      classification_(serving, caller(), followed(), caller().arrival()) {}

ClassifyBatchCall::~ClassifyBatchCall() = default;

void ClassifyBatchCall::Start() {
  if (absl::Status status = Admit(); !status.ok()) return Fail(status);
  Work([this] { return Continue(); });
}

// A call that fails fails all its texts; the reply of one that does not says of each what became of
// it.
void ClassifyBatchCall::CountTexts(absl::StatusCode code) const {
  TextOutcomes& outcomes = serving().metrics->outcomes();
  const auto count = [&](absl::StatusCode of_text, int64_t texts) {
    outcomes.Count(caller().named(), Method::kClassifyBatch, of_text, texts);
  };
  if (code != absl::StatusCode::kOk) return count(code, count_);
  for (const v1::ClassifyBatchResponse::Item& item : reply_.items()) {
    count(static_cast<absl::StatusCode>(item.error().code()), 1);
  }
}

std::vector<TextStages> ClassifyBatchCall::Stages() const {
  std::vector<TextStages> stages;
  stages.reserve(encoded_.size());
  for (const EncodedText& text : encoded_) stages.push_back(text.stages);
  return stages;
}

// One slice: parses the request, or tokenizes some of it, or hands it on. False: the call goes on
// elsewhere, and may have ended.
bool ClassifyBatchCall::Continue() {
  const absl::Status status = inputs_ == nullptr ? Parse() : EncodeSome();
  if (!status.ok()) {
    Fail(status);
    return false;
  }
  if (inputs_->next < encoded_.size()) return true;
  Submit();
  return false;
}

absl::Status ClassifyBatchCall::Parse() {
  auto inputs = std::make_unique<Inputs>();
  absl::Status status = ParseMessage(request(), &inputs->request);
  if (status.ok()) status = classification_.SetOptions(inputs->request.options());
  const auto count = static_cast<size_t>(inputs->request.inputs_size());
  count_ = std::max<int64_t>(1, inputs->request.inputs_size());
  if (status.ok()) status = CheckInputCount(count, serving().limits);
  if (status.ok()) status = CheckCaller(static_cast<int64_t>(count));
  if (status.ok()) {
    status = AdmitMore(static_cast<int64_t>(count) - 1, classification_.ReplyBytes(count));
  }
  if (status.ok()) {
    status = serving().batcher->CheckRoom({.caller = &caller().named(),
                                           .deadline = caller().deadline(),
                                           .texts = static_cast<int64_t>(count)});
  }
  if (!status.ok()) return status;
  encoded_.resize(count);
  inputs->texts.reserve(count);
  inputs_ = std::move(inputs);
  return status;
}

// As many as make a slice. Many long texts take a while, and nobody may be waiting any more.
absl::Status ClassifyBatchCall::EncodeSome() {
  size_t bytes = 0;
  while (inputs_->next < encoded_.size() && bytes < kSliceBytes) {
    const auto count = static_cast<int64_t>(encoded_.size());
    if (absl::Status status = CheckCaller(count); !status.ok()) return status;
    const size_t index = inputs_->next++;
    const unchecked::v1::Input& input = inputs_->request.inputs(static_cast<int>(index));
    bytes += input.text().size() + input.text_pair().size();
    Encode(input, index);
  }
  return absl::OkStatus();
}

// Makes the input's item, and a queued text if it can be computed.
void ClassifyBatchCall::Encode(const unchecked::v1::Input& input, size_t index) {
  v1::ClassifyBatchResponse::Item* item = reply_.add_items();
  absl::StatusOr<QueuedText> text =
      classification_.Encode(input, absl::StrCat("inputs[", index, "]"), &encoded_[index]);
  if (!text.ok()) return SetError(text.status(), item->mutable_error());
  text->done = [this, index](const absl::StatusOr<TextResult>& result) { End(index, result); };
  inputs_->texts.push_back(*std::move(text));
}

void ClassifyBatchCall::Submit() {
  std::vector<QueuedText> texts = std::move(inputs_->texts);
  inputs_.reset();
  if (texts.empty()) return Reply(reply_);
  waiting_ = texts.size();
  // Once this is OK, the call ends by its last text's `done`, and may have ended already.
  absl::Status status = serving().batcher->Submit(&texts);
  if (!status.ok()) Fail(status);
}

void ClassifyBatchCall::End(size_t index, const absl::StatusOr<TextResult>& result) {
  if (!classification_.RepliesAreLarge()) return Answer(index, result);
  serving().slices->Add([this, index, result] {
    Answer(index, result);
    return false;
  });
}

void ClassifyBatchCall::Answer(size_t index, const absl::StatusOr<TextResult>& result) {
  v1::ClassifyBatchResponse::Item* item = reply_.mutable_items(static_cast<int>(index));
  absl::StatusOr<v1::ClassifyResponse> answer = classification_.Answer(result, &encoded_[index]);
  followed().EndText(answer.status().code());
  if (answer.ok()) {
    *item->mutable_result() = *std::move(answer);
  } else {
    SetError(answer.status(), item->mutable_error());
  }
  if (waiting_.fetch_sub(1) == 1) EndCall();
}

// A deadline, a cancellation and the end of a drain are the call's, not one text's.
void ClassifyBatchCall::EndCall() {
  for (const v1::ClassifyBatchResponse::Item& item : reply_.items()) {
    const auto code = static_cast<absl::StatusCode>(item.error().code());
    if (code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kCancelled ||
        code == absl::StatusCode::kUnavailable) {
      return Fail(WithReason(absl::Status(code, item.error().message()), item.error().reason()));
    }
  }
  Reply(reply_);
}

}  // namespace verdict
