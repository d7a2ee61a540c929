// What the engine made of one text.
#ifndef VERDICT_SERVER_CONTRACT_TEXT_RESULT_H_
#define VERDICT_SERVER_CONTRACT_TEXT_RESULT_H_

#include <vector>

#include "absl/time/time.h"

namespace verdict {

struct TextResult {
  std::vector<float> logits;  // one a label
  absl::Duration queue;       // from its turn in the queue to the start of its batch
  absl::Duration inference;   // of the whole batch that held it
};

}  // namespace verdict

#endif  // VERDICT_SERVER_CONTRACT_TEXT_RESULT_H_
