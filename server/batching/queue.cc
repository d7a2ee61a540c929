#include "server/batching/queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/contract/error_reason.h"

namespace verdict {
namespace {

// How much of Lane::recent_tokens is left after another batch: it is the mean of some ten.
constexpr double kRecent = 0.9;

int64_t DivideUp(int64_t amount, int64_t by) { return (amount + by - 1) / by; }

bool HasLess(EngineWork a, EngineWork b) { return a.tokens < b.tokens; }

}  // namespace

absl::Status TextQueue::CheckRoom(Request request) const {
  if (request.tokens > limits_.max_queue_tokens) {
    return InvalidRequest(v1::BATCH_TOO_LARGE, "inputs",
                          absl::StrCat("the inputs have ", request.tokens,
                                       " tokens together; --max-queue-tokens allows ",
                                       limits_.max_queue_tokens, ": split them into several calls"),
                          MetLimit{.option = "--max-queue-tokens",
                                   .limit = static_cast<size_t>(limits_.max_queue_tokens),
                                   .found = static_cast<size_t>(request.tokens)});
  }
  const int64_t waiting = tokens() - stream_tokens_;
  if (!request.of_stream && request.tokens > limits_.max_queue_tokens - waiting) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: ", waiting, " tokens wait, ", request.tokens,
                     " more do not fit; --max-queue-tokens allows ", limits_.max_queue_tokens,
                     ": send less at a time, or try again later"));
  }
  return absl::OkStatus();
}

// In whole batches, since room is made by a batch that leaves.
EngineWork TextQueue::WorkUntilRoom(int64_t tokens) const {
  const int64_t missing = tokens - (limits_.max_queue_tokens - (this->tokens() - stream_tokens_));
  const int64_t batches = DivideUp(std::max<int64_t>(0, missing), limits_.max_batch_tokens);
  return {std::min(batches * limits_.max_batch_tokens, this->tokens()), batches};
}

absl::Status TextQueue::Push(std::vector<QueuedText>* texts, absl::Time now) {
  Request request;
  for (const QueuedText& text : *texts) {
    request.tokens += text.tokens();
    request.of_stream = text.of_stream;
  }
  if (absl::Status status = CheckRoom(request); !status.ok()) return status;
  if (request.of_stream) stream_tokens_ += request.tokens;
  for (QueuedText& text : *texts) {
    Lane& lane = IsShort(text) ? short_ : long_;
    lane.tokens += text.tokens();
    text.queued_at = now;
    lane.texts.push_back(std::move(text));
  }
  texts->clear();
  return absl::OkStatus();
}

TextQueue::Popped TextQueue::Pop(absl::Time now, absl::Time batch_end) {
  Popped popped = TakeDead(now);
  if (empty()) return popped;
  if (!AnyInTime(batch_end)) batch_end = absl::InfinitePast();
  // Who led leads last, even while it is alone: whoever comes to the other lane meanwhile is next.
  const bool long_leads = short_.texts.empty() || (long_leads_ && !long_.texts.empty());
  Fill(batch_end, long_leads ? &long_ : &short_, &popped);
  Fill(batch_end, long_leads ? &short_ : &long_, &popped);
  long_leads_ = !long_leads;
  return popped;
}

void TextQueue::Uncount(const QueuedText& text, Lane* lane) {
  lane->tokens -= text.tokens();
  if (text.of_stream) stream_tokens_ -= text.tokens();
}

// Those who came last, who most often have the most time, are looked at first.
bool TextQueue::AnyInTime(absl::Time batch_end) const {
  const auto in_time = [batch_end](const QueuedText& text) { return text.deadline >= batch_end; };
  return std::any_of(short_.texts.rbegin(), short_.texts.rend(), in_time) ||
         std::any_of(long_.texts.rbegin(), long_.texts.rend(), in_time);
}

// Ends at the first text that does not fit: a later one must not overtake it, or the longest would
// wait for ever.
void TextQueue::Fill(absl::Time batch_end, Lane* lane, Popped* popped) {
  const int64_t others = popped->tokens;
  while (!lane->texts.empty()) {
    QueuedText& text = lane->texts.front();
    const bool late = text.deadline < batch_end;
    const int64_t without = popped->tokens + tokens() - text.tokens();
    if (late && without >= limits_.max_batch_tokens) {
      Uncount(text, lane);
      popped->expired.push_back(std::move(text));
    } else if (popped->batch.empty() ||
               popped->tokens + text.tokens() <= limits_.max_batch_tokens) {
      Uncount(text, lane);
      popped->tokens += text.tokens();
      popped->batch.push_back(std::move(text));
    } else {
      break;
    }
    lane->texts.pop_front();
  }
  lane->recent_tokens =
      lane->recent_tokens * kRecent + static_cast<double>(popped->tokens - others);
}

TextQueue::Popped TextQueue::TakeDead(absl::Time now) {
  Popped popped;
  TakeDead(now, &short_, &popped);
  TakeDead(now, &long_, &popped);
  return popped;
}

// Looks at the whole queue and not only at what the batch will hold: dead texts must not make it
// look full, and their callers' resources are freed at once. A pass over 10,000 texts takes some
// 40 us; a batch takes milliseconds.
void TextQueue::TakeDead(absl::Time now, Lane* lane, Popped* popped) {
  auto kept = lane->texts.begin();
  for (auto text = lane->texts.begin(); text != lane->texts.end(); ++text) {
    const absl::StatusCode end = text->EndAt(now);
    if (end != absl::StatusCode::kOk) {
      Uncount(*text, lane);
      (end == absl::StatusCode::kCancelled ? popped->cancelled : popped->expired)
          .push_back(std::move(*text));
    } else {
      if (kept != text) *kept = std::move(*text);
      ++kept;
    }
  }
  lane->texts.erase(kept, lane->texts.end());
}

std::vector<QueuedText> TextQueue::TakeAll() {
  std::vector<QueuedText> all;
  for (Lane* lane : {&short_, &long_}) {
    std::move(lane->texts.begin(), lane->texts.end(), std::back_inserter(all));
    lane->texts.clear();
    lane->tokens = 0;
  }
  stream_tokens_ = 0;
  return all;
}

absl::Duration TextQueue::OldestAge(absl::Time now) const {
  absl::Duration age;
  for (const Lane* lane : {&short_, &long_}) {
    if (!lane->texts.empty()) age = std::max(age, now - lane->texts.front().queued_at);
  }
  return age;
}

EngineWork TextQueue::OwnWork(const std::vector<QueuedText>& texts) const {
  int64_t tokens = 0;
  for (const QueuedText& text : texts) tokens += text.tokens();
  return {tokens, DivideUp(tokens, limits_.max_batch_tokens)};
}

EngineWork TextQueue::WorkUntilDone(const std::vector<QueuedText>& texts) const {
  Amount in_short = short_.amount();
  Amount in_long = long_.amount();
  bool any_short = false;
  bool any_long = false;
  for (const QueuedText& text : texts) {
    const bool is_short = IsShort(text);
    Amount& amount = is_short ? in_short : in_long;
    ++amount.texts;
    amount.tokens += text.tokens();
    (is_short ? any_short : any_long) = true;
  }
  EngineWork work;
  if (any_short) work = WorkUntilEmpty(short_, in_short, long_, in_long);
  if (any_long) work = std::max(work, WorkUntilEmpty(long_, in_long, short_, in_short), HasLess);
  return work;
}

EngineWork TextQueue::LeastWorkUntilDone() const {
  const Amount in_short = short_.amount();
  const Amount in_long = long_.amount();
  return std::min(WorkUntilEmpty(short_, in_short.Plus(1, 1), long_, in_long),
                  WorkUntilEmpty(long_, in_long.Plus(1, 1), short_, in_short), HasLess);
}

EngineWork TextQueue::WorkWaiting() const {
  return {tokens(), DivideUp(tokens(), limits_.max_batch_tokens)};
}

// What the engine gets through until `lane` has got rid of `own`, while `others` wait in the other
// one. Beyond one batch it is counted in whole ones: more will come, and fill the last.
EngineWork TextQueue::WorkUntilEmpty(const Lane& lane, Amount own, const Lane& other,
                                     Amount others) const {
  const int64_t max_tokens = limits_.max_batch_tokens;
  if (own.tokens + others.tokens <= max_tokens) return {own.tokens + others.tokens, 1};
  // Texts that are all of the mean length.
  const int64_t batch_texts = std::max<int64_t>(1, max_tokens * own.texts / own.tokens);
  const int64_t batch_tokens = DivideUp(batch_texts * own.tokens, own.texts);
  const int64_t batches = DivideUp(own.texts, batch_texts);
  // The other lane leads a batch between two of ours, for what waits there or, going by the
  // latest batches, will have come until then.
  const double coming =
      static_cast<double>(own.tokens) * other.recent_tokens / std::max(lane.recent_tokens, 1.0);
  const auto theirs =
      static_cast<int64_t>(std::min(static_cast<double>(batches * max_tokens),
                                    std::max(static_cast<double>(others.tokens), coming)));
  const bool leads = long_leads_ == (&lane == &long_);
  const int64_t between = std::min(leads ? batches - 1 : batches, DivideUp(theirs, max_tokens));
  const int64_t full =
      others.tokens > 0 || between > 0 ? std::max(batch_tokens, max_tokens) : batch_tokens;
  return {(batches + between) * full, batches + between};
}

}  // namespace verdict
