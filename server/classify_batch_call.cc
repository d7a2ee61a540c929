#include "server/classify_batch_call.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "latency/steady_clock.h"
#include "server/error_reason.h"
#include "server/message_bytes.h"
#include "server/reply_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"

namespace verdict {

ClassifyBatchCall::ClassifyBatchCall(const Serving& serving, grpc::CallbackServerContext* context,
                                     grpc::ByteBuffer* response)
    : Call(Method::kClassifyBatch, serving, context, response),
      classification_(serving, caller(), caller().arrival()) {}

void ClassifyBatchCall::Start(const grpc::ByteBuffer& bytes) {
  std::vector<QueuedText> texts;
  absl::Status status = EncodeAll(bytes, &texts);
  if (status.ok() && texts.empty()) return Reply(reply_);
  if (status.ok()) {
    waiting_ = texts.size();
    // Once this is OK, the call ends by its last text's `done`, and may have ended already.
    status = serving().batcher->Submit(&texts);
  }
  if (!status.ok()) Fail(status);
}

// Makes an item of every input, and a queued text of every one that can be computed.
absl::Status ClassifyBatchCall::EncodeAll(const grpc::ByteBuffer& bytes,
                                          std::vector<QueuedText>* texts) {
  absl::Status status = Admit(bytes);
  unchecked::v1::ClassifyBatchRequest request;
  if (status.ok()) status = ParseMessage(bytes, &request);
  if (status.ok()) status = classification_.SetOptions(request.options());
  const auto count = static_cast<size_t>(request.inputs_size());
  if (status.ok()) status = CheckInputCount(count, serving().limits);
  if (status.ok()) {
    status = AdmitMore(static_cast<int64_t>(count) - 1,
                       ReplyBytes(serving().model->config, request.options(), count));
  }
  if (status.ok()) {
    status = serving().batcher->CheckRoom(caller().deadline(), static_cast<int64_t>(count));
  }
  if (!status.ok()) return status;

  encoded_.resize(count);
  texts->reserve(count);
  for (size_t i = 0; i < count; ++i) {
    status = CheckCaller();
    if (!status.ok()) return status;
    v1::ClassifyBatchResponse::Item* item = reply_.add_items();
    absl::StatusOr<QueuedText> text = classification_.Encode(
        request.inputs(static_cast<int>(i)), absl::StrCat("inputs[", i, "]"), &encoded_[i]);
    if (!text.ok()) {
      SetError(text.status(), item->mutable_error());
      continue;
    }
    text->done = [this, i](const absl::StatusOr<TextResult>& result) { End(i, result); };
    texts->push_back(*std::move(text));
  }
  return absl::OkStatus();
}

// Many long texts take a while to tokenize; nobody may be waiting any more.
absl::Status ClassifyBatchCall::CheckCaller() const {
  const absl::StatusCode abandoned = caller().abandoned();
  if (SteadyNow() >= caller().deadline() || abandoned == absl::StatusCode::kDeadlineExceeded) {
    serving().metrics->CountExpired(Stage::kTokenize, static_cast<int64_t>(encoded_.size()));
    return absl::DeadlineExceededError(
        "the deadline passed while the texts were tokenized; send fewer at a time, or allow more "
        "time");
  }
  if (abandoned != absl::StatusCode::kOk) return absl::CancelledError("the caller went away");
  return absl::OkStatus();
}

void ClassifyBatchCall::End(size_t index, const absl::StatusOr<TextResult>& result) {
  v1::ClassifyBatchResponse::Item* item = reply_.mutable_items(static_cast<int>(index));
  absl::StatusOr<v1::ClassifyResponse> answer = classification_.Answer(encoded_[index], result);
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
