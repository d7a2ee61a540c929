#include "server/batching/lane.h"

#include <algorithm>
#include <utility>

namespace verdict {
namespace {

// How much of what was recent is left after another batch: it is the mean of some ten.
constexpr double kRecent = 0.9;

// So many `tokens` of texts as `like` has them.
Amount Like(const Amount& like, double tokens) {
  Amount amount = {0, static_cast<int64_t>(tokens)};
  if (amount.tokens == 0) return {};
  if (like.tokens > 0) amount.texts = amount.tokens * like.texts / like.tokens;
  amount.texts = std::max<int64_t>(1, amount.texts);
  return amount;
}

}  // namespace

void Lane::Push(QueuedText text) {
  Line& line = LineOf(*text.caller);
  Kind& kind = line.of(text.of_stream);
  if (kind.texts.empty()) line.lead = 0;  // what it let pass is gone
  const Amount one = {1, text.tokens()};
  all_.Add(one);
  kind.tokens += one.tokens;
  kind.texts.push_back(std::move(text));
}

QueuedText Lane::TakeFront() {
  Line& line = lines_[Next()];
  Kind& kind = line.of(line.streams_next());
  QueuedText text = std::move(kind.texts.front());
  kind.texts.pop_front();
  kind.tokens -= text.tokens();
  line.lead += text.of_stream ? -text.tokens() : text.tokens();
  all_.Add({-1, -text.tokens()});
  return text;
}

void Lane::NoteBatch(absl::Span<const QueuedText> batch) {
  recent_tokens_ *= kRecent;
  for (Line& line : lines_) line.recent_tokens *= kRecent;
  for (const QueuedText& text : batch) {
    const auto tokens = static_cast<double>(text.tokens());
    recent_tokens_ += tokens;
    LineOf(*text.caller).recent_tokens += tokens;
  }
}

void Lane::TakeIf(absl::FunctionRef<bool(QueuedText&)> takes) {
  for (Line& line : lines_) {
    TakeIf(takes, &line.calls);
    TakeIf(takes, &line.streams);
  }
}

void Lane::TakeIf(absl::FunctionRef<bool(QueuedText&)> takes, Kind* kind) {
  auto kept = kind->texts.begin();
  for (auto text = kind->texts.begin(); text != kind->texts.end(); ++text) {
    const int64_t tokens = text->tokens();
    if (takes(*text)) {
      kind->tokens -= tokens;
      all_.Add({-1, -tokens});
    } else {
      if (kept != text) *kept = std::move(*text);
      ++kept;
    }
  }
  kind->texts.erase(kept, kind->texts.end());
}

bool Lane::Any(absl::FunctionRef<bool(const QueuedText&)> is) const {
  return std::any_of(lines_.begin(), lines_.end(), [is](const Line& line) {
    return std::any_of(line.calls.texts.rbegin(), line.calls.texts.rend(), is) ||
           std::any_of(line.streams.texts.rbegin(), line.streams.texts.rend(), is);
  });
}

absl::Time Lane::Oldest() const {
  absl::Time oldest = absl::InfiniteFuture();
  for (const Line& line : lines_) {
    for (const Kind* kind : {&line.calls, &line.streams}) {
      if (!kind->texts.empty()) oldest = std::min(oldest, kind->texts.front().queued_at);
    }
  }
  return oldest;
}

Amount Lane::UntilDone(const NamedCaller& caller, const Amount& more, bool of_stream) const {
  const Line* const line = FindLine(caller);
  Amount own = more;
  if (line != nullptr) {
    own.Add(line->of(of_stream).amount());
    const Amount other = line->of(!of_stream).amount();
    own.Add(Like(other, static_cast<double>(std::min(other.tokens, own.tokens))));
  }
  const double recent = std::max(line == nullptr ? 0 : line->recent_tokens, 1.0);
  Amount all = own;
  for (const Line& other : lines_) {
    if (other.caller == &caller) continue;
    const double coming = static_cast<double>(own.tokens) * other.recent_tokens / recent;
    const double theirs = std::min(turns_->Before(caller, own.tokens, *other.caller),
                                   std::max(static_cast<double>(other.amount().tokens), coming));
    all.Add(Like(other.empty() ? own : other.amount(), theirs));
  }
  return all;
}

Amount Lane::Beside(const NamedCaller& caller, int64_t tokens) const {
  Amount all;
  for (const Line& line : lines_) {
    const auto waits = static_cast<double>(line.amount().tokens);
    all.Add(
        line.caller == &caller
            ? line.amount()
            : Like(line.amount(), std::min(turns_->Before(caller, tokens, *line.caller), waits)));
  }
  return all;
}

size_t Lane::Next() const {
  size_t next = lines_.size();
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].empty()) continue;
    if (next == lines_.size() ||
        turns_->pass(*lines_[i].caller) < turns_->pass(*lines_[next].caller)) {
      next = i;
    }
  }
  return next;
}

Lane::Line& Lane::LineOf(const NamedCaller& caller) {
  for (Line& line : lines_) {
    if (line.caller == &caller) return line;
  }
  return lines_.emplace_back(Line{.caller = &caller});
}

const Lane::Line* Lane::FindLine(const NamedCaller& caller) const {
  for (const Line& line : lines_) {
    if (line.caller == &caller) return &line;
  }
  return nullptr;
}

}  // namespace verdict
