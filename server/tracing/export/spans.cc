#include "server/tracing/export/spans.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace verdict {
namespace {

constexpr char kService[] = "verdict.v1.Classifier";

bool HasSpans(const TextStages& text) { return text.inference_span.valid(); }

// Those of the stages alone.
size_t CountStages(const TextStages& text) {
  size_t count = 0;
  for (const TextStages::Stage& stage : {text.tokenize(), text.queue(), text.inference()}) {
    if (stage.happened()) ++count;
  }
  return count;
}

// Of a server's span, as the conventions for gRPC have it: what the caller did wrong, and work that
// was refused, are no errors of the server's.
bool IsSpanError(absl::StatusCode code) {
  return (IsServersFailure(code) && code != absl::StatusCode::kResourceExhausted &&
          code != absl::StatusCode::kAborted) ||
         code == absl::StatusCode::kUnimplemented;
}

// The address and the port of a peer as gRPC writes it: "ipv6:%5B::1%5D:40000".
void AddPeer(const std::string& peer, std::vector<SpanAttribute>* attributes) {
  const size_t scheme = peer.find(':');
  if (scheme == std::string::npos) return;
  std::string address = absl::StrReplaceAll(peer.substr(scheme + 1),
                                            {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  const size_t colon = address.rfind(':');
  int64_t port = 0;
  if (absl::StartsWith(peer, "ip") && colon != std::string::npos &&
      absl::SimpleAtoi(address.substr(colon + 1), &port)) {
    address.resize(colon);
    attributes->emplace_back("client.port", port);
  }
  attributes->emplace_back("client.address", std::move(address));
}

// A span of one of its stages.
Span StageSpan(const char* name, const TextStages::Stage& stage, SpanContext context,
               SpanId parent) {
  Span span;
  span.name = name;
  span.context = context;
  span.parent = parent;
  span.start = stage.start;
  span.end = std::max(stage.start, stage.end);
  return span;
}

void AddStages(const TextStages& text, SpanId parent, SpanIds* ids, std::vector<Span>* spans) {
  SpanContext context = text.inference_span;
  const auto add = [&](const char* name, const TextStages::Stage& stage, SpanId id) {
    context.span = id;
    if (stage.happened()) spans->push_back(StageSpan(name, stage, context, parent));
  };
  add("tokenize", text.tokenize(), ids->NewSpan());
  add("queue", text.queue(), ids->NewSpan());
  add("inference", text.inference(), text.inference_span.span);
  if (!text.inference().happened()) return;
  Span& inference = spans->back();
  inference.attributes = {{"verdict.tokens", text.tokens}};
  if (text.batch_span.valid()) inference.links = {text.batch_span};
}

// One of several texts.
struct NumberedText {
  const char* number_name;
  int64_t number;
  absl::Time start;
  const TextStages& stages;
};

void AddText(const NumberedText& text, SpanId parent, SpanIds* ids, std::vector<Span>* spans) {
  SpanContext context = text.stages.inference_span;
  context.span = ids->NewSpan();
  Span span = StageSpan("text", {text.start, text.stages.ended}, context, parent);
  span.attributes = {{text.number_name, text.number},
                     {"verdict.tokens", text.stages.tokens},
                     {"verdict.status_code", static_cast<int64_t>(text.stages.code)}};
  span.failed = IsSpanError(text.stages.code);
  spans->push_back(std::move(span));
  AddStages(text.stages, context.span, ids, spans);
}

Span CallSpan(const EndedCall& call) {
  const CallRecord& record = call.record;
  Span span;
  span.name = absl::StrCat(kService, "/", LabelValue(record.method));
  span.kind = Span::Kind::kServer;
  span.context = call.trace.span;
  span.parent = call.trace.parent.span;
  span.tracestate = call.trace.tracestate;
  span.start = record.arrival;
  span.end = record.arrival + record.total;
  span.attributes = {{"rpc.system", "grpc"},
                     {"rpc.service", kService},
                     {"rpc.method", LabelValue(record.method)},
                     {"rpc.grpc.status_code", static_cast<int64_t>(record.code)},
                     {"verdict.texts", record.texts},
                     {"verdict.tokens", record.tokens}};
  AddPeer(record.peer, &span.attributes);
  if (!record.caller.empty()) span.attributes.emplace_back("verdict.caller", record.caller);
  if (call.texts_without_spans > 0) {
    span.attributes.emplace_back("verdict.texts_without_spans", call.texts_without_spans);
  }
  span.failed = IsSpanError(record.code);
  return span;
}

std::vector<Span> Make(const EndedCall& call, SpanIds* ids) {
  std::vector<Span> spans = {CallSpan(call)};
  const SpanId parent = call.trace.span.span;
  for (size_t i = 0; i < call.texts.size(); ++i) {
    const TextStages& text = call.texts[i];
    if (!HasSpans(text)) continue;
    if (call.record.method == Method::kClassifyBatch) {
      AddText({.number_name = "verdict.index",
               .number = static_cast<int64_t>(i),
               .start = std::min(text.tokenizing, text.ended),
               .stages = text},
              parent, ids, &spans);
    } else {
      AddStages(text, parent, ids, &spans);
    }
  }
  return spans;
}

std::vector<Span> Make(const EndedText& text, SpanIds* ids) {
  std::vector<Span> spans;
  AddText({.number_name = "verdict.id",
           .number = static_cast<int64_t>(text.id),
           .start = text.arrival,
           .stages = text.stages},
          text.call.span, ids, &spans);
  return spans;
}

std::vector<Span> Make(const EndedBatch& batch, SpanIds* /*ids*/) {
  Span span = StageSpan("batch", {batch.start, batch.end}, batch.span, /*parent=*/0);
  span.attributes = {{"verdict.texts", batch.texts}, {"verdict.tokens", batch.tokens}};
  span.links = batch.inferences;
  span.failed = !batch.ok;
  return {std::move(span)};
}

size_t Count(const EndedCall& call) {
  const size_t for_text = call.record.method == Method::kClassifyBatch ? 1 : 0;
  size_t count = 1;
  for (const TextStages& text : call.texts) {
    if (HasSpans(text)) count += for_text + CountStages(text);
  }
  return count;
}

size_t Count(const EndedText& text) { return 1 + CountStages(text.stages); }

size_t Count(const EndedBatch& /*batch*/) { return 1; }

}  // namespace

size_t CountSpans(const Ended& ended) {
  return std::visit([](const auto& one) { return Count(one); }, ended);
}

std::vector<Span> MakeSpans(const Ended& ended, SpanIds* ids) {
  return std::visit([ids](const auto& one) { return Make(one, ids); }, ended);
}

}  // namespace verdict
