// A gRPC call as it is followed, from its headers to its end.
#ifndef VERDICT_SERVER_TRACING_FOLLOWED_CALL_H_
#define VERDICT_SERVER_TRACING_FOLLOWED_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/metrics/metric_labels.h"
#include "server/metrics/named_caller.h"
#include "server/tracing/ended.h"
#include "server/tracing/text_stages.h"
#include "server/tracing/tracing.h"

namespace verdict {

// In the metadata of a call that the HTTP port makes: who sent the request.
inline constexpr char kHttpPeer[] = "verdict-http-peer";

// Reads the call's traceparent, notes what becomes of its texts, and tells the journal and the
// exporter when it ends. Where nobody wants to know, that costs a look at its headers, and two
// comparisons.
//
// Lives as long as its call.
class FollowedCall {
 public:
  // So many texts of a call have spans of their own; the call's span counts the others.
  static constexpr int64_t kMostTexts = 64;

  struct Kind {
    Method method;
    const std::string& model;
    bool by_http = false;  // through the HTTP port, which says in kHttpPeer who calls
  };

  // `tracing`, the model's name and `context` outlive it.
  FollowedCall(Tracing* tracing, Kind kind, absl::Time arrival,
               grpc::CallbackServerContext* context);

  FollowedCall(const FollowedCall&) = delete;
  FollowedCall& operator=(const FollowedCall&) = delete;

  // Who calls, if that is known. It outlives this.
  void Name(const NamedCaller* named) { named_ = named; }

  // The id of its trace, if somebody records it, else empty.
  std::string RecordedTrace() const;

  // Another text of the call begins: the span of its inference, none if the text has no spans. One
  // thread at a time.
  SpanContext FollowText();

  // A text of a batch has ended. From any thread.
  void EndText(absl::StatusCode code);

  // A message of a stream has ended. From any thread, until End.
  void EndMessage(uint64_t id, absl::Time arrival, const TextStages& stages);

  // The call ends with `code`, and is told of. Once, before its status is sent: where the caller
  // has a trace, or the call is told of to anybody, its trailing metadata has its traceparent.
  // `texts` gives those of a unary call, and runs if they are asked for.
  void End(absl::StatusCode code, absl::Time now,
           absl::FunctionRef<std::vector<TextStages>()> texts);

 private:
  bool is_stream() const { return kind_.method == Method::kClassifyStream; }
  EndedCall MakeEnded(absl::StatusCode code, absl::Time now, std::vector<TextStages> texts) const;
  CallRecord MakeRecord(absl::StatusCode code, absl::Time begin, absl::Time now) const;

  Tracing* const tracing_;
  const Kind kind_;
  const absl::Time arrival_;
  const NamedCaller* named_ = &AnyCaller();
  grpc::CallbackServerContext* const context_;
  CallTrace trace_;
  int64_t texts_ = 0;                      // that have begun
  std::atomic<bool> text_failed_ = false;  // one of a batch, by our fault
  std::atomic<int64_t> messages_ = 0;      // of a stream, that have ended
  std::atomic<int64_t> message_tokens_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_FOLLOWED_CALL_H_
