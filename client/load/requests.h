// The requests of a load, made before it begins.
#ifndef VERDICT_CLIENT_LOAD_REQUESTS_H_
#define VERDICT_CLIENT_LOAD_REQUESTS_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "client/load/mix.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// Every request that a LoadMix can plan. Const after construction, so any thread may read.
class LoadRequests {
 public:
  // REQUIRES: at least one text; batch_size at least 1.
  LoadRequests(const std::vector<std::string>& texts, size_t batch_size);

  size_t texts() const { return classify_.size(); }
  size_t batch_size() const { return batch_size_; }

  const v1::ClassifyRequest& Classify(const PlannedCall& call) const {
    return call.fault == Fault::kNone ? classify_[call.text]
                                      : faulty_[static_cast<size_t>(call.fault)];
  }
  const v1::TokenizeRequest& Tokenize(const PlannedCall& call) const {
    return tokenize_[call.text];
  }
  const v1::GetModelRequest& GetModel() const { return get_model_; }

  // The only one that is put together when it is needed: there are as many as there are texts, and
  // together they would take batch_size times the memory of those.
  void FillBatch(const PlannedCall& call, v1::ClassifyBatchRequest* request) const;

 private:
  const size_t batch_size_;
  std::vector<v1::ClassifyRequest> classify_;
  std::vector<v1::TokenizeRequest> tokenize_;
  std::array<v1::ClassifyRequest, kFaults> faulty_;  // by Fault
  v1::GetModelRequest get_model_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_REQUESTS_H_
