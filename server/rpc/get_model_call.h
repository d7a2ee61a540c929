// A GetModel call.
#ifndef VERDICT_SERVER_RPC_GET_MODEL_CALL_H_
#define VERDICT_SERVER_RPC_GET_MODEL_CALL_H_

#include "server/rpc/call.h"
#include "server/rpc/serving.h"

namespace verdict {

// Ends where it starts. See Call for its life.
class GetModelCall final : public Call {
 public:
  GetModelCall(const Serving& serving, grpc::CallbackServerContext* context);

 private:
  void Start() override;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_GET_MODEL_CALL_H_
