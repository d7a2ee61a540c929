#include "server/rpc/classify_call.h"

#include <utility>
#include <vector>

#include "server/transport/message_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

ClassifyCall::ClassifyCall(const Serving& serving, grpc::CallbackServerContext* context)
    : Call(Method::kClassify, serving, context),
      classification_(serving, caller(), followed(), caller().arrival()) {}

void ClassifyCall::Start() {
  if (absl::Status status = Take(); !status.ok()) return Fail(status);
  Work([this] {
    if (absl::Status status = Submit(); !status.ok()) Fail(status);
    return false;
  });
}

void ClassifyCall::CountTexts(absl::StatusCode code) const {
  serving().metrics->outcomes().Count(caller().named(), Method::kClassify, code);
}

// Under overload most calls end here, and cost no more than that.
absl::Status ClassifyCall::Take() {
  if (absl::Status status = Admit(); !status.ok()) return status;
  return serving().batcher->CheckRoom(
      {.caller = &caller().named(), .deadline = caller().deadline(), .texts = 1});
}

// If OK, the call ends by its text's `done`, and may have ended already.
absl::Status ClassifyCall::Submit() {
  absl::Status status = CheckCaller(1);
  unchecked::v1::ClassifyRequest request;
  if (status.ok()) status = ParseMessage(this->request(), &request);
  if (status.ok()) status = classification_.SetOptions(request.options());
  if (status.ok()) status = AdmitMore(0, classification_.ReplyBytes(1));
  if (!status.ok()) return status;
  absl::StatusOr<QueuedText> text = classification_.Encode(request.input(), "input", &encoded_);
  if (!text.ok()) return text.status();
  text->done = [this](const absl::StatusOr<TextResult>& result) { End(result); };
  std::vector<QueuedText> texts;
  texts.push_back(*std::move(text));
  return serving().batcher->Submit(&texts);
}

void ClassifyCall::End(const absl::StatusOr<TextResult>& result) {
  if (!classification_.RepliesAreLarge()) return Answer(result);
  serving().slices->Add([this, result] {
    Answer(result);
    return false;
  });
}

void ClassifyCall::Answer(const absl::StatusOr<TextResult>& result) {
  const absl::StatusOr<v1::ClassifyResponse> answer = classification_.Answer(result, &encoded_);
  if (answer.ok()) {
    Reply(*answer);
  } else {
    Fail(answer.status());
  }
}

}  // namespace verdict
