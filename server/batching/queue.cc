#include "server/batching/queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/contract/error_reason.h"

namespace verdict {
namespace {

int64_t DivideUp(int64_t amount, int64_t by) { return (amount + by - 1) / by; }

bool HasLess(EngineWork a, EngineWork b) { return a.tokens < b.tokens; }

}  // namespace

int64_t TextQueue::RoomOf(const NamedCaller& caller) const {
  return static_cast<int64_t>(caller.part() * static_cast<double>(limits_.max_queue_tokens));
}

// A caller who has nothing waiting may bring more than its part at once: else a large batch could
// never be taken.
absl::Status TextQueue::CheckRoom(const Request& request) const {
  if (request.tokens > limits_.max_queue_tokens) {
    return InvalidRequest(v1::BATCH_TOO_LARGE, "inputs",
                          absl::StrCat("the inputs have ", request.tokens,
                                       " tokens together; --max-queue-tokens allows ",
                                       limits_.max_queue_tokens, ": split them into several calls"),
                          MetLimit{.option = "--max-queue-tokens",
                                   .limit = static_cast<size_t>(limits_.max_queue_tokens),
                                   .found = static_cast<size_t>(request.tokens)});
  }
  const int64_t waiting = waiting_[request.caller->index()].of_calls;
  const int64_t room = RoomOf(*request.caller);
  if (request.of_stream || waiting == 0 || request.tokens <= room - waiting) {
    return absl::OkStatus();
  }
  const std::string& name = request.caller->name();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the queue is full", name.empty() ? "" : absl::StrCat(" for ", name), ": ", waiting,
      " tokens wait, ", request.tokens, " more do not fit; --max-queue-tokens allows ",
      name.empty() ? "" : "it ", room, ": send less at a time, or try again later"));
}

// In whole batches, since room is made by a batch that leaves, and of all that waits, of which the
// caller's is a part.
EngineWork TextQueue::WorkUntilRoom(const Request& request) const {
  const int64_t waiting = waiting_[request.caller->index()].of_calls;
  const int64_t missing = request.tokens - (RoomOf(*request.caller) - waiting);
  int64_t of_calls = 0;
  for (const Waiting& one : waiting_) of_calls += one.of_calls;
  const int64_t leave =
      waiting == 0 ? 0 : DivideUp(std::max<int64_t>(0, missing) * of_calls, waiting);
  const int64_t batches = DivideUp(leave, limits_.max_batch_tokens);
  return {std::min(batches * limits_.max_batch_tokens, tokens()), batches};
}

absl::Status TextQueue::Push(std::vector<QueuedText>* texts, absl::Time now) {
  if (texts->empty()) return absl::OkStatus();
  Request request = {.caller = texts->front().caller, .of_stream = texts->front().of_stream};
  for (const QueuedText& text : *texts) request.tokens += text.tokens();
  if (absl::Status status = CheckRoom(request); !status.ok()) return status;
  const Waiting& waiting = waiting_[request.caller->index()];
  if (waiting.of_calls + waiting.of_streams == 0) turns_.Join(*request.caller);
  for (QueuedText& text : *texts) {
    text.queued_at = now;
    Count(text, text.tokens());
    (IsShort(text) ? short_ : long_).Push(std::move(text));
  }
  texts->clear();
  return absl::OkStatus();
}

TextQueue::Popped TextQueue::Pop(absl::Time now, absl::Time batch_end) {
  Popped popped = TakeDead(now);
  if (empty()) return popped;
  // Those who came last, who most often have the most time, are looked at first.
  const auto in_time = [batch_end](const QueuedText& text) { return text.deadline >= batch_end; };
  if (!short_.Any(in_time) && !long_.Any(in_time)) batch_end = absl::InfinitePast();
  const bool long_leads = LongLeads();
  Fill(batch_end, long_leads ? &long_ : &short_, &popped);
  Fill(batch_end, long_leads ? &short_ : &long_, &popped);
  long_leads_ = !long_leads;
  return popped;
}

// Who led leads last, even while it is alone: whoever comes to the other lane meanwhile is next. Of
// two callers the one whose turn it is leads.
bool TextQueue::LongLeads() const {
  if (short_.empty() || long_.empty()) return short_.empty();
  const double of_short = turns_.pass(*short_.front().caller);
  const double of_long = turns_.pass(*long_.front().caller);
  return of_short == of_long ? long_leads_ : of_long < of_short;
}

void TextQueue::Count(const QueuedText& text, int64_t tokens) {
  Waiting& waiting = waiting_[text.caller->index()];
  (text.of_stream ? waiting.of_streams : waiting.of_calls) += tokens;
}

// Ends at the first text that does not fit: a later one must not overtake it, or the longest would
// wait for ever.
void TextQueue::Fill(absl::Time batch_end, Lane* lane, Popped* popped) {
  const size_t others = popped->batch.size();
  while (!lane->empty()) {
    const QueuedText& text = lane->front();
    const bool late = text.deadline < batch_end;
    const int64_t without = popped->tokens + tokens() - text.tokens();
    const bool fits =
        popped->batch.empty() || popped->tokens + text.tokens() <= limits_.max_batch_tokens;
    const bool expires = late && without >= limits_.max_batch_tokens;
    if (!expires && !fits) break;
    Count(text, -text.tokens());
    if (expires) {
      popped->expired.push_back(lane->TakeFront());
      continue;
    }
    popped->tokens += text.tokens();
    QueuedText taken = lane->TakeFront();
    turns_.Charge(*taken.caller, taken.tokens());
    popped->batch.push_back(std::move(taken));
  }
  lane->NoteBatch(absl::MakeConstSpan(popped->batch).subspan(others));
}

// Looks at the whole queue and not only at what the batch will hold: dead texts must not make it
// look full, and their callers' resources are freed at once. A pass over 10,000 texts takes some
// 40 us; a batch takes milliseconds.
TextQueue::Popped TextQueue::TakeDead(absl::Time now) {
  Popped popped;
  const auto take_if_dead = [&](QueuedText& text) {
    const absl::StatusCode end = text.EndAt(now);
    if (end == absl::StatusCode::kOk) return false;
    Count(text, -text.tokens());
    (end == absl::StatusCode::kCancelled ? popped.cancelled : popped.expired)
        .push_back(std::move(text));
    return true;
  };
  short_.TakeIf(take_if_dead);
  long_.TakeIf(take_if_dead);
  return popped;
}

std::vector<QueuedText> TextQueue::TakeAll() {
  std::vector<QueuedText> all;
  const auto take = [&all](QueuedText& text) {
    all.push_back(std::move(text));
    return true;
  };
  short_.TakeIf(take);
  long_.TakeIf(take);
  waiting_ = {};
  return all;
}

absl::Duration TextQueue::OldestAge(absl::Time now) const {
  return std::max(absl::ZeroDuration(), now - std::min(short_.Oldest(), long_.Oldest()));
}

EngineWork TextQueue::OwnWork(const std::vector<QueuedText>& texts) const {
  int64_t tokens = 0;
  for (const QueuedText& text : texts) tokens += text.tokens();
  return {tokens, DivideUp(tokens, limits_.max_batch_tokens)};
}

EngineWork TextQueue::WorkUntilDone(const std::vector<QueuedText>& texts) const {
  if (texts.empty()) return {};
  Amount of_short;
  Amount of_long;
  for (const QueuedText& text : texts) {
    (IsShort(text) ? of_short : of_long).Add({1, text.tokens()});
  }
  const NamedCaller& caller = *texts.front().caller;
  const bool of_stream = texts.front().of_stream;
  const Amount in_short = short_.UntilDone(caller, of_short, of_stream);
  const Amount in_long = long_.UntilDone(caller, of_long, of_stream);
  EngineWork work;
  if (of_short.texts > 0) {
    Amount others = long_.Beside(caller, in_short.tokens);
    others.Add(of_long);
    work = WorkUntilEmpty(short_, in_short, long_, others);
  }
  if (of_long.texts > 0) {
    Amount others = short_.Beside(caller, in_long.tokens);
    others.Add(of_short);
    work = std::max(work, WorkUntilEmpty(long_, in_long, short_, others), HasLess);
  }
  return work;
}

EngineWork TextQueue::LeastWorkUntilDone(const NamedCaller& caller, bool of_stream) const {
  const Amount least = {1, 1};
  const Amount in_short = short_.UntilDone(caller, least, of_stream);
  const Amount in_long = long_.UntilDone(caller, least, of_stream);
  return std::min(WorkUntilEmpty(short_, in_short, long_, long_.Beside(caller, in_short.tokens)),
                  WorkUntilEmpty(long_, in_long, short_, short_.Beside(caller, in_long.tokens)),
                  HasLess);
}

EngineWork TextQueue::WorkWaiting() const {
  return {tokens(), DivideUp(tokens(), limits_.max_batch_tokens)};
}

// What the engine gets through until `lane` has got rid of `own`, while `others` wait in the other
// one. Beyond one batch it is counted in whole ones: more will come, and fill the last.
EngineWork TextQueue::WorkUntilEmpty(const Lane& lane, const Amount& own, const Lane& other,
                                     const Amount& others) const {
  const int64_t max_tokens = limits_.max_batch_tokens;
  if (own.tokens + others.tokens <= max_tokens) return {own.tokens + others.tokens, 1};
  // Texts that are all of the mean length.
  const int64_t batch_texts = std::max<int64_t>(1, max_tokens * own.texts / own.tokens);
  const int64_t batch_tokens = DivideUp(batch_texts * own.tokens, own.texts);
  const int64_t batches = DivideUp(own.texts, batch_texts);
  // The other lane leads a batch between two of ours, for what waits there or, going by the
  // latest batches, will have come until then.
  const double coming =
      static_cast<double>(own.tokens) * other.recent_tokens() / std::max(lane.recent_tokens(), 1.0);
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
