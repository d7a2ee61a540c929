#include "server/tracing/export/spans.h"

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/tracing/export/span_queue.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr TraceId kTrace = {0xa, 0xb};

absl::Time At(int milliseconds) { return absl::UnixEpoch() + absl::Milliseconds(milliseconds); }

// A text that went through all stages.
TextStages Text(SpanId inference) {
  TextStages text;
  text.tokenizing = At(1);
  text.tokenized = At(2);
  text.queued = At(3);
  text.computing = At(4);
  text.computed = At(5);
  text.ended = At(6);
  text.tokens = 7;
  if (inference != 0) text.inference_span = {.trace = kTrace, .span = inference, .sampled = true};
  return text;
}

class SpansTest : public ::testing::Test {
 protected:
  static EndedCall Call(Method method, std::vector<TextStages> texts) {
    EndedCall call;
    call.trace.span = {.trace = kTrace, .span = 100, .sampled = true};
    call.trace.parent = {.trace = kTrace, .span = 99, .sampled = true};
    call.record.method = method;
    call.record.arrival = At(0);
    call.record.total = absl::Milliseconds(10);
    call.record.peer = "ipv4:127.0.0.1:4711";
    AddTexts(texts, &call.record);
    call.texts = std::move(texts);
    return call;
  }

  std::vector<Span> Make(const Ended& ended) {
    std::vector<Span> spans = MakeSpans(ended, &ids_);
    EXPECT_EQ(spans.size(), CountSpans(ended));
    return spans;
  }

  static std::vector<std::string> Names(const std::vector<Span>& spans) {
    std::vector<std::string> names;
    for (const Span& span : spans) names.push_back(span.name);
    return names;
  }

  static std::map<std::string, std::variant<int64_t, std::string>> Attributes(const Span& span) {
    std::map<std::string, std::variant<int64_t, std::string>> all;
    for (const SpanAttribute& attribute : span.attributes) all[attribute.name] = attribute.value;
    return all;
  }

  SpanIds ids_{{1, 2}};
};

TEST_F(SpansTest, AUnaryCallHasItsStagesAsChildren) {
  const std::vector<Span> spans = Make(Call(Method::kClassify, {Text(5)}));
  ASSERT_THAT(Names(spans),
              ElementsAre("verdict.v1.Classifier/Classify", "tokenize", "queue", "inference"));
  EXPECT_EQ(spans[0].parent, 99U);
  EXPECT_EQ(spans[0].kind, Span::Kind::kServer);
  for (size_t i = 1; i < spans.size(); ++i) {
    EXPECT_EQ(spans[i].parent, 100U);
    EXPECT_EQ(spans[i].context.trace, kTrace);
    EXPECT_EQ(spans[i].end - spans[i].start, absl::Milliseconds(1));
  }
  EXPECT_EQ(spans[3].context.span, 5U);
  EXPECT_THAT(
      Attributes(spans[0]),
      UnorderedElementsAre(Pair("rpc.system", "grpc"), Pair("rpc.service", "verdict.v1.Classifier"),
                           Pair("rpc.method", "Classify"), Pair("rpc.grpc.status_code", int64_t{0}),
                           Pair("client.address", "127.0.0.1"), Pair("client.port", int64_t{4711}),
                           Pair("verdict.texts", int64_t{1}), Pair("verdict.tokens", int64_t{7})));
}

TEST_F(SpansTest, ABatchHasASpanForEachTextAndCountsThoseWithout) {
  EndedCall call = Call(Method::kClassifyBatch, {Text(5), Text(6), Text(0)});
  call.texts_without_spans = 1;
  const std::vector<Span> spans = Make(call);
  ASSERT_THAT(Names(spans),
              ElementsAre("verdict.v1.Classifier/ClassifyBatch", "text", "tokenize", "queue",
                          "inference", "text", "tokenize", "queue", "inference"));
  EXPECT_EQ(spans[1].parent, 100U);
  EXPECT_EQ(spans[4].parent, spans[1].context.span);
  EXPECT_EQ(spans[8].parent, spans[5].context.span);
  EXPECT_EQ(Attributes(spans[5])["verdict.index"], (std::variant<int64_t, std::string>(1)));
  EXPECT_EQ(Attributes(spans[0])["verdict.texts_without_spans"],
            (std::variant<int64_t, std::string>(1)));
}

TEST_F(SpansTest, AMessageIsASpanOfItsStream) {
  const std::vector<Span> spans =
      Make(EndedText{.call = {.trace = kTrace, .span = 100, .sampled = true},
                     .id = 42,
                     .arrival = At(0),
                     .stages = Text(5)});
  ASSERT_THAT(Names(spans), ElementsAre("text", "tokenize", "queue", "inference"));
  EXPECT_EQ(spans[0].parent, 100U);
  EXPECT_EQ(spans[0].start, At(0));
  EXPECT_EQ(Attributes(spans[0])["verdict.id"], (std::variant<int64_t, std::string>(42)));
}

TEST_F(SpansTest, AStageThatDidNotEndEndsWithItsText) {
  TextStages expired = Text(5);
  expired.computing = expired.computed = absl::InfiniteFuture();
  expired.code = absl::StatusCode::kDeadlineExceeded;
  const std::vector<Span> spans = Make(Call(Method::kClassify, {expired}));
  ASSERT_THAT(Names(spans), ElementsAre("verdict.v1.Classifier/Classify", "tokenize", "queue"));
  EXPECT_EQ(spans[2].end, At(6));
}

TEST_F(SpansTest, AnInferenceIsLinkedToItsBatchAndTheBatchToIt) {
  TextStages text = Text(5);
  text.batch_span = {.trace = {3, 4}, .span = 8, .sampled = true};
  const std::vector<Span> spans = Make(Call(Method::kClassify, {text}));
  EXPECT_THAT(spans[3].links, ElementsAre(text.batch_span));
  const std::vector<Span> batch = Make(EndedBatch{.span = text.batch_span,
                                                  .start = At(4),
                                                  .end = At(5),
                                                  .texts = 2,
                                                  .tokens = 14,
                                                  .inferences = {text.inference_span}});
  ASSERT_THAT(Names(batch), ElementsAre("batch"));
  EXPECT_EQ(batch[0].context, text.batch_span);
  EXPECT_EQ(batch[0].parent, 0U);
  EXPECT_THAT(batch[0].links, ElementsAre(text.inference_span));
}

TEST_F(SpansTest, OnlyTheServersFailuresAreErrors) {
  for (const auto code : {absl::StatusCode::kInternal, absl::StatusCode::kUnavailable,
                          absl::StatusCode::kDeadlineExceeded}) {
    EndedCall call = Call(Method::kClassify, {});
    call.record.code = code;
    EXPECT_TRUE(Make(call)[0].failed) << code;
  }
  for (const auto code :
       {absl::StatusCode::kOk, absl::StatusCode::kInvalidArgument, absl::StatusCode::kCancelled,
        absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnauthenticated}) {
    EndedCall call = Call(Method::kClassify, {});
    call.record.code = code;
    EXPECT_FALSE(Make(call)[0].failed) << code;
  }
}

TEST_F(SpansTest, APeerIsAnAddressAndAPort) {
  EndedCall call = Call(Method::kGetModel, {});
  call.record.peer = "ipv6:%5B::1%5D:4711";
  EXPECT_EQ(Attributes(Make(call)[0])["client.address"],
            (std::variant<int64_t, std::string>("::1")));
  call.record.peer = "unix:/run/verdict.sock";
  const auto attributes = Attributes(Make(call)[0]);
  EXPECT_EQ(attributes.at("client.address"),
            (std::variant<int64_t, std::string>("/run/verdict.sock")));
  EXPECT_FALSE(attributes.contains("client.port"));
}

TEST_F(SpansTest, TheQueueDropsACallAsAWhole) {
  SpanQueue queue;
  size_t spans = 0;
  const EndedCall call = Call(Method::kClassify, {Text(5)});  // of 4
  for (size_t i = 0; i < SpanQueue::kMost / 4; ++i) EXPECT_TRUE(queue.Push(call, &spans));
  EXPECT_EQ(queue.spans(), SpanQueue::kMost);
  EXPECT_FALSE(queue.Push(call, &spans));
  EXPECT_EQ(spans, 4U);
  EXPECT_EQ(queue.spans(), SpanQueue::kMost);
  EXPECT_THAT(queue.Take(10), SizeIs(2));
  EXPECT_EQ(queue.spans(), SpanQueue::kMost - 8);
  EXPECT_TRUE(queue.Push(call, &spans));
}

TEST_F(SpansTest, TheQueueGivesAtLeastOneCall) {
  SpanQueue queue;
  size_t spans = 0;
  EXPECT_THAT(queue.Take(10), SizeIs(0));
  queue.Push(Call(Method::kClassify, {Text(5)}), &spans);
  EXPECT_THAT(queue.Take(1), SizeIs(1));
  EXPECT_EQ(queue.spans(), 0U);
}

TEST_F(SpansTest, IdsNeverComeTwice) {
  SpanIds ids({5, 6});
  SpanIds others({5, 7});
  std::map<SpanId, int> seen;
  for (int i = 0; i < 10000; ++i) {
    ++seen[ids.NewSpan()];
    const TraceId trace = ids.NewTrace();
    EXPECT_TRUE(trace.valid());
    EXPECT_FALSE(trace == others.NewTrace());
  }
  EXPECT_THAT(seen, SizeIs(10000));
}

}  // namespace
}  // namespace verdict
