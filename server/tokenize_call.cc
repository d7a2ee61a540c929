#include "server/tokenize_call.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "server/message_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

TokenizeCall::TokenizeCall(const Serving& serving, grpc::CallbackServerContext* context,
                           grpc::ByteBuffer* response)
    : Call(Method::kTokenize, serving.metrics, context, response), serving_(serving) {}

void TokenizeCall::Start(const grpc::ByteBuffer& bytes) {
  unchecked::v1::TokenizeRequest request;
  if (absl::Status status = ParseMessage(bytes, &request); !status.ok()) return Fail(status);
  const absl::StatusOr<TextInput> input = CheckInput(request.input(), "input", serving_.limits);
  if (!input.ok()) return Fail(input.status());
  const Tokenizer& tokenizer = serving_.model->tokenizer;
  const absl::Time start = absl::Now();
  const std::vector<Token> tokens = tokenizer.Tokenize(*input, request.add_special_tokens());
  serving_.metrics->ObserveStage(Stage::kTokenize, absl::Now() - start);
  v1::TokenizeResponse response;
  response.mutable_tokens()->Reserve(static_cast<int>(tokens.size()));
  for (const Token& token : tokens) {
    v1::Token* added = response.add_tokens();
    added->set_id(static_cast<uint32_t>(token.id));
    added->set_text(std::string(tokenizer.text(token.id)));
    added->set_begin(token.begin);
    added->set_end(token.end);
  }
  Reply(response);
}

}  // namespace verdict
