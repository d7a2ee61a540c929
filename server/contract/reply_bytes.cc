#include "server/contract/reply_bytes.h"

#include <algorithm>
#include <string>

namespace verdict {
namespace {

constexpr size_t kFewBytes = 64 << 10;
constexpr size_t kScoreBytes = 96;  // a message with a string, and its fields on the wire

}  // namespace

int64_t ReplyBytes(const ModelConfig& config, const ClassifyOptions& options, size_t texts) {
  const size_t labels = config.labels.size();
  const size_t scores = options.top_k == 0 ? labels : std::min(options.top_k, labels);
  size_t longest = 0;
  for (const std::string& label : config.labels) longest = std::max(longest, label.size());
  const size_t logits = options.return_logits ? 2 * sizeof(float) * labels : 0;
  const size_t bytes = texts * (scores * (kScoreBytes + 2 * longest) + logits);
  return bytes > kFewBytes ? static_cast<int64_t>(bytes) : 0;
}

}  // namespace verdict
