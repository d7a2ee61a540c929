// A Tokenize call.
#ifndef VERDICT_SERVER_RPC_TOKENIZE_CALL_H_
#define VERDICT_SERVER_RPC_TOKENIZE_CALL_H_

#include <vector>

#include "server/rpc/call.h"
#include "server/rpc/serving.h"

namespace verdict {

// One text, tokenized. See Call for its life.
class TokenizeCall final : public Call {
 public:
  TokenizeCall(const Serving& serving, grpc::CallbackServerContext* context);

 private:
  void Start() override;
  std::vector<TextStages> Stages() const override { return {stages_}; }
  void Answer();

  TextStages stages_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_TOKENIZE_CALL_H_
