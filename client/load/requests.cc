#include "client/load/requests.h"

namespace verdict {
namespace {

// One byte more than a server takes that was told nothing else.
constexpr size_t kTooLongBytes = 65536 + 1;

constexpr int kNoSuchActivation = 99;

}  // namespace

LoadRequests::LoadRequests(const std::vector<std::string>& texts, size_t batch_size)
    : batch_size_(batch_size) {
  for (const std::string& text : texts) {
    classify_.emplace_back().mutable_input()->set_text(text);
    classify_.back().mutable_options()->set_top_k(1);
    tokenize_.emplace_back().mutable_input()->set_text(text);
  }
  const auto faulty = [this](Fault fault) -> v1::ClassifyRequest& {
    return faulty_[static_cast<size_t>(fault)];
  };
  faulty(Fault::kEmptyText).mutable_input()->set_text("");
  faulty(Fault::kNotUtf8).mutable_input()->set_text("half a character: \xC3");
  faulty(Fault::kUnknownEnum) = classify_[0];
  faulty(Fault::kUnknownEnum)
      .mutable_options()
      ->set_activation(static_cast<v1::Activation>(kNoSuchActivation));
  faulty(Fault::kTextTooLong).mutable_input()->set_text(std::string(kTooLongBytes, 'a'));
}

void LoadRequests::FillBatch(const PlannedCall& call, v1::ClassifyBatchRequest* request) const {
  request->Clear();
  request->mutable_options()->set_top_k(1);
  for (size_t i = 0; i < batch_size_; ++i) {
    *request->add_inputs() = classify_[(call.text + i) % classify_.size()].input();
  }
}

}  // namespace verdict
