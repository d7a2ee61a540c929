// A Tokenize call.
#ifndef VERDICT_SERVER_TOKENIZE_CALL_H_
#define VERDICT_SERVER_TOKENIZE_CALL_H_

#include "server/call.h"
#include "server/serving.h"

namespace verdict {

// Ends where it starts: tokenizing waits for nobody. See Call for its life.
class TokenizeCall final : public Call {
 public:
  TokenizeCall(const Serving& serving, grpc::CallbackServerContext* context,
               grpc::ByteBuffer* response);

  void Start(const grpc::ByteBuffer& bytes);
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TOKENIZE_CALL_H_
