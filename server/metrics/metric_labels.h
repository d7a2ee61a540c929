// What the labels of verdictd's metrics may say. The values are known when this is compiled: none
// is chosen by a caller.
#ifndef VERDICT_SERVER_METRICS_METRIC_LABELS_H_
#define VERDICT_SERVER_METRICS_METRIC_LABELS_H_

#include <array>

namespace verdict {

// The calls that are counted; each is a value of the label `grpc_method`.
enum class Method { kClassify, kClassifyBatch, kClassifyStream, kTokenize, kGetModel };

// The stages of one text's way, the label `stage`; kTotal is from the arrival of its request to its
// reply.
enum class Stage { kTokenize, kQueue, kInference, kTotal };

// Why a text was refused at once, before any work: the label `reason`.
enum class ShedReason {
  kQueueFull,  // more tokens wait than --max-queue-tokens
  kDeadline,   // the work ahead of it cannot be done before its deadline
  kInFlight,   // more texts or bytes are in flight than allowed
  kDraining,   // the server is going away
};

// What became of the spans of traces: the label `outcome`.
enum class SpanOutcome {
  kExported,
  kDropped,  // too many waited for the collector
  kFailed,   // the collector did not take them
};

// All of them, each at its own number; and those that bring texts to classify.
inline constexpr std::array kAllMethods = {Method::kClassify, Method::kClassifyBatch,
                                           Method::kClassifyStream, Method::kTokenize,
                                           Method::kGetModel};
inline constexpr std::array kTextMethods = {Method::kClassify, Method::kClassifyBatch,
                                            Method::kClassifyStream};
inline constexpr std::array kAllStages = {Stage::kTokenize, Stage::kQueue, Stage::kInference,
                                          Stage::kTotal};
inline constexpr std::array kAllShedReasons = {ShedReason::kQueueFull, ShedReason::kDeadline,
                                               ShedReason::kInFlight, ShedReason::kDraining};
inline constexpr std::array kAllSpanOutcomes = {SpanOutcome::kExported, SpanOutcome::kDropped,
                                                SpanOutcome::kFailed};

// As Prometheus sees them.
const char* LabelValue(Method method);
const char* LabelValue(Stage stage);
const char* LabelValue(ShedReason reason);
const char* LabelValue(SpanOutcome outcome);

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_METRIC_LABELS_H_
