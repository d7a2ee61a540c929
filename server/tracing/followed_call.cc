#include "server/tracing/followed_call.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/tracing/call_journal.h"
#include "server/tracing/tracer.h"

namespace verdict {
namespace {

// The header's value; empty if there is none. Two of one name are none: nobody knows which is
// right.
absl::string_view Header(const grpc::ServerContextBase& context, const char* name) {
  const auto [first, last] = context.client_metadata().equal_range(name);
  if (first == last || std::next(first) != last) return "";
  return {first->second.data(), first->second.size()};
}

// A list may come in several headers.
std::string ListHeader(const grpc::ServerContextBase& context, const char* name) {
  std::string all;
  const auto [first, last] = context.client_metadata().equal_range(name);
  for (auto header = first; header != last; ++header) {
    absl::StrAppend(&all, all.empty() ? "" : ",",
                    absl::string_view(header->second.data(), header->second.size()));
  }
  return all;
}

}  // namespace

FollowedCall::FollowedCall(Tracing* tracing, Kind kind, absl::Time arrival,
                           grpc::CallbackServerContext* context)
    : tracing_(tracing),
      kind_(kind),
      arrival_(arrival),
      context_(context),
      trace_(tracing->tracer().Begin(Header(*context, kTraceparent),
                                     ListHeader(*context, kTracestate))) {
  // Its messages end on several threads, and have to agree.
  if (is_stream()) tracing_->tracer().Identify(&trace_);
}

std::string FollowedCall::RecordedTrace() const {
  return trace_.span.sampled && trace_.span.valid() ? Hex(trace_.span.trace) : "";
}

SpanContext FollowedCall::FollowText() {
  const bool has_spans = texts_++ < kMostTexts && tracing_->tracer().Records(trace_);
  return has_spans ? tracing_->tracer().NewSpan(trace_.span) : SpanContext();
}

void FollowedCall::EndText(absl::StatusCode code) {
  if (IsServersFailure(code)) text_failed_ = true;
}

void FollowedCall::EndMessage(uint64_t id, absl::Time arrival, const TextStages& stages) {
  ++messages_;
  message_tokens_ += stages.tokens;
  CallJournal& journal = tracing_->journal();
  if (journal.Wants(stages.ended - arrival, stages.ended) ||
      (IsServersFailure(stages.code) && journal.WantsFailure(stages.code, stages.ended))) {
    CallRecord record = MakeRecord(stages.code, arrival, stages.ended);
    AddTexts({&stages, 1}, &record);
    journal.Tell(std::move(record), stages.ended);
  }
  if (stages.inference_span.valid()) {
    tracing_->tracer().Export(
        EndedText{.call = trace_.span, .id = id, .arrival = arrival, .stages = stages});
  }
}

void FollowedCall::End(absl::StatusCode code, absl::Time now,
                       absl::FunctionRef<std::vector<TextStages>()> texts) {
  Tracer& tracer = tracing_->tracer();
  // A stream lasts as long as its caller likes: only its messages can be slow.
  CallJournal& journal = tracing_->journal();
  const bool failed = IsServersFailure(code) || text_failed_;
  const bool is_told = (!is_stream() && journal.Wants(now - arrival_, now)) ||
                       (failed && journal.WantsFailure(code, now));
  const bool is_recorded = tracer.Records(trace_);
  if (is_told || is_recorded) {
    tracer.Identify(&trace_);
    EndedCall ended = MakeEnded(code, now, texts());
    if (is_told) journal.Tell(ended.record, now);
    if (is_recorded) tracer.Export(std::move(ended));
  } else if (!trace_.parent.valid()) {
    return;
  }
  context_->AddTrailingMetadata(kTraceparent, FormatTraceparent(trace_.span));
}

EndedCall FollowedCall::MakeEnded(absl::StatusCode code, absl::Time now,
                                  std::vector<TextStages> texts) const {
  // Those that a call leaves behind when it fails.
  for (TextStages& text : texts) text.End(code, now);
  CallRecord record = MakeRecord(code, arrival_, now);
  record.is_whole_stream = is_stream();
  record.texts = messages_;
  record.tokens = message_tokens_;
  AddTexts(texts, &record);
  const int64_t without_spans = std::max<int64_t>(0, record.texts - kMostTexts);
  return {.trace = trace_,
          .record = std::move(record),
          .texts = std::move(texts),
          .texts_without_spans = without_spans};
}

CallRecord FollowedCall::MakeRecord(absl::StatusCode code, absl::Time begin, absl::Time now) const {
  return {.method = kind_.method,
          .code = code,
          .trace_id = Hex(trace_.span.trace),
          .peer = kind_.by_http ? std::string(Header(*context_, kHttpPeer)) : context_->peer(),
          .caller = named_->name(),
          .model = kind_.model,
          .arrival = begin,
          .total = now - begin};
}

}  // namespace verdict
