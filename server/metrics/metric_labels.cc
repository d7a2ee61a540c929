#include "server/metrics/metric_labels.h"

namespace verdict {

const char* LabelValue(Method method) {
  switch (method) {
    case Method::kClassify:
      return "Classify";
    case Method::kClassifyBatch:
      return "ClassifyBatch";
    case Method::kClassifyStream:
      return "ClassifyStream";
    case Method::kTokenize:
      return "Tokenize";
    case Method::kGetModel:
      return "GetModel";
  }
  return "";
}

const char* LabelValue(Stage stage) {
  switch (stage) {
    case Stage::kTokenize:
      return "tokenize";
    case Stage::kQueue:
      return "queue";
    case Stage::kInference:
      return "inference";
    case Stage::kTotal:
      return "total";
  }
  return "";
}

const char* LabelValue(ShedReason reason) {
  switch (reason) {
    case ShedReason::kQueueFull:
      return "queue_full";
    case ShedReason::kDeadline:
      return "deadline";
    case ShedReason::kInFlight:
      return "in_flight";
    case ShedReason::kDraining:
      return "draining";
  }
  return "";
}

const char* LabelValue(SpanOutcome outcome) {
  switch (outcome) {
    case SpanOutcome::kExported:
      return "exported";
    case SpanOutcome::kDropped:
      return "dropped";
    case SpanOutcome::kFailed:
      return "failed";
  }
  return "";
}

}  // namespace verdict
