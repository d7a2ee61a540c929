// A ClassifyBatch call.
#ifndef VERDICT_SERVER_RPC_CLASSIFY_BATCH_CALL_H_
#define VERDICT_SERVER_RPC_CLASSIFY_BATCH_CALL_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/batching/queue.h"
#include "server/contract/reply.h"
#include "server/rpc/call.h"
#include "server/rpc/classification.h"
#include "server/rpc/serving.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// Its texts are done one by one, perhaps on two threads at a time; each has its own item, and the
// last one ends the call. See Call for its life.
class ClassifyBatchCall final : public Call {
 public:
  ClassifyBatchCall(const Serving& serving, grpc::CallbackServerContext* context);
  ~ClassifyBatchCall() override;

 private:
  // What is left to tokenize.
  struct Inputs;

  void Start() override;
  void CountTexts(absl::StatusCode code) const override;
  std::vector<TextStages> Stages() const override;
  bool Continue();
  absl::Status Parse();
  absl::Status EncodeSome();
  void Encode(const unchecked::v1::Input& input, size_t index);
  void Submit();
  void End(size_t index, const absl::StatusOr<TextResult>& result);
  void Answer(size_t index, const absl::StatusOr<TextResult>& result);
  void EndCall();

  Classification classification_;
  int64_t count_ = 1;                 // of the inputs; until they are parsed, at least one
  std::unique_ptr<Inputs> inputs_;    // until they are submitted
  v1::ClassifyBatchResponse reply_;   // items in the order of the inputs
  std::vector<EncodedText> encoded_;  // likewise
  std::atomic<size_t> waiting_ = 0;   // texts that are not done yet
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CLASSIFY_BATCH_CALL_H_
