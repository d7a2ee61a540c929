// What a server is expected to answer.
#ifndef VERDICT_CLIENT_LOAD_EXPECTED_REPLIES_H_
#define VERDICT_CLIENT_LOAD_EXPECTED_REPLIES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// The label and the score of each text of a load. Const after construction.
class ExpectedReplies {
 public:
  // Reads what `verdict classify --json` has written for the same `texts` texts, one object a line.
  //
  // NOT_FOUND: it cannot be opened. INVALID_ARGUMENT: a line is no such object, or has no reply
  // because the text could not be classified, or there are not as many lines as texts.
  static absl::StatusOr<ExpectedReplies> Read(const std::string& path, size_t texts);

  // Whether `reply` has the label of the text with index `text`, and its score within 1e-6.
  bool Agree(size_t text, const v1::ClassifyResponse& reply) const;

 private:
  struct Reply {
    std::string label;
    double score = 0;
  };

  explicit ExpectedReplies(std::vector<Reply> replies) : replies_(std::move(replies)) {}

  std::vector<Reply> replies_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_EXPECTED_REPLIES_H_
