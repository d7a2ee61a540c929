// A Classify call.
#ifndef VERDICT_SERVER_RPC_CLASSIFY_CALL_H_
#define VERDICT_SERVER_RPC_CLASSIFY_CALL_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/batching/queue.h"
#include "server/contract/reply.h"
#include "server/rpc/call.h"
#include "server/rpc/classification.h"
#include "server/rpc/serving.h"

namespace verdict {

// One text: the call ends with it. See Call for its life.
class ClassifyCall final : public Call {
 public:
  ClassifyCall(const Serving& serving, grpc::CallbackServerContext* context);

 private:
  void Start() override;
  void CountTexts(absl::StatusCode code) const override;
  std::vector<TextStages> Stages() const override { return {encoded_.stages}; }
  absl::Status Take();
  absl::Status Submit();
  void End(const absl::StatusOr<TextResult>& result);
  void Answer(const absl::StatusOr<TextResult>& result);

  Classification classification_;
  EncodedText encoded_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CLASSIFY_CALL_H_
