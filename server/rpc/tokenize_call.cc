#include "server/rpc/tokenize_call.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "latency/steady_clock.h"
#include "server/transport/message_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

TokenizeCall::TokenizeCall(const Serving& serving, grpc::CallbackServerContext* context)
    : Call(Method::kTokenize, serving, context) {}

void TokenizeCall::Start() {
  if (absl::Status status = Admit(); !status.ok()) return Fail(status);
  Work([this] {
    Answer();
    return false;
  });
}

void TokenizeCall::Answer() {
  if (absl::Status status = CheckCaller(1); !status.ok()) return Fail(status);
  unchecked::v1::TokenizeRequest request;
  if (absl::Status status = ParseMessage(this->request(), &request); !status.ok()) {
    return Fail(status);
  }
  const absl::StatusOr<TextInput> input = CheckInput(request.input(), "input", serving().limits);
  if (!input.ok()) return Fail(input.status());
  const absl::StatusOr<Truncation> truncation =
      CheckTruncation(request.truncation(), "truncation", serving().defaults);
  if (!truncation.ok()) return Fail(truncation.status());
  const Tokenizer& tokenizer = serving().model->tokenizer;
  const auto max_tokens = static_cast<size_t>(serving().model->config.max_tokens());
  stages_.inference_span = followed().FollowText();
  stages_.tokenizing = SteadyNow();
  const std::vector<Token> tokens = tokenizer.Tokenize(
      *input, request.add_special_tokens(), {.max_tokens = max_tokens, .truncation = *truncation});
  stages_.tokenized = SteadyNow();
  stages_.tokens = static_cast<int64_t>(tokens.size());
  serving().metrics->ObserveStage(Stage::kTokenize, stages_.tokenized - stages_.tokenizing);
  v1::TokenizeResponse response;
  response.mutable_tokens()->Reserve(static_cast<int>(tokens.size()));
  for (const Token& token : tokens) {
    v1::Token* added = response.add_tokens();
    added->set_id(static_cast<uint32_t>(token.id));
    added->set_text(std::string(tokenizer.text(token.id)));
    added->set_begin(token.begin);
    added->set_end(token.end);
    added->set_cut(token.cut);
  }
  // Each byte of a text may become a token, and a token takes some 20 bytes: what its reader leaves
  // lying must count as what it is.
  const auto reply_bytes = static_cast<int64_t>(response.ByteSizeLong());
  if (absl::Status status = AdmitMore(0, reply_bytes); !status.ok()) return Fail(status);
  Reply(response);
}

}  // namespace verdict
