// Texts for a TextQueue, each told by its first token's id.
#ifndef VERDICT_TESTS_SERVER_BATCHING_TEXTS_H_
#define VERDICT_TESTS_SERVER_BATCHING_TEXTS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/queue.h"

namespace verdict {

inline const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

// A text of `tokens` tokens.
inline QueuedText Text(int32_t id, int64_t tokens, absl::Time deadline = absl::InfiniteFuture()) {
  QueuedText text;
  text.input_ids.assign(static_cast<size_t>(tokens), id);
  text.deadline = deadline;
  return text;
}

inline absl::Status Push(TextQueue& queue, QueuedText text, absl::Time now = kNow) {
  std::vector<QueuedText> texts;
  texts.push_back(std::move(text));
  return queue.Push(&texts, now);
}

inline std::vector<int32_t> Ids(const std::vector<QueuedText>& texts) {
  std::vector<int32_t> ids;
  for (const QueuedText& text : texts) ids.push_back(text.input_ids.at(0));
  return ids;
}

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_BATCHING_TEXTS_H_
