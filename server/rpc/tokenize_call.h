// A Tokenize call.
#ifndef VERDICT_SERVER_RPC_TOKENIZE_CALL_H_
#define VERDICT_SERVER_RPC_TOKENIZE_CALL_H_

#include "server/rpc/call.h"
#include "server/rpc/serving.h"

namespace verdict {

// One text, tokenized. See Call for its life.
class TokenizeCall final : public Call {
 public:
  TokenizeCall(const Serving& serving, grpc::CallbackServerContext* context);

 private:
  void Start() override;
  void Answer();
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_TOKENIZE_CALL_H_
