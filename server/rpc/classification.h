// From a request's texts to the queue, and from their results to the reply.
#ifndef VERDICT_SERVER_RPC_CLASSIFICATION_H_
#define VERDICT_SERVER_RPC_CLASSIFICATION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/queue.h"
#include "server/contract/reply.h"
#include "server/contract/validation.h"
#include "server/rpc/caller.h"
#include "server/rpc/serving.h"
#include "server/tracing/followed_call.h"

namespace verdict {

// How the texts of one request are classified: that of a unary call, or one message of a stream.
// They share its options, its moment of arrival, its caller, and how it is followed.
//
// SetOptions comes first; then all is const. `serving`, `caller` and `followed` must outlive it.
class Classification {
 public:
  Classification(const Serving& serving, const Caller& caller, FollowedCall& followed,
                 absl::Time arrival)
      : serving_(serving), caller_(caller), followed_(followed), arrival_(arrival) {}

  // INVALID_ARGUMENT: see CheckOptions.
  absl::Status SetOptions(const unchecked::v1::Options& options);

  // The bytes to admit for the replies to `texts`: see verdict::ReplyBytes.
  int64_t ReplyBytes(size_t texts) const;

  // Whether a reply is so large that making it would delay the engine's thread: then SlicedWork
  // makes it.
  bool RepliesAreLarge() const { return ReplyBytes(1) > 0; }

  // Checks and tokenizes `input`, called `field` in messages. The result has everything but `done`;
  // `*encoded` is what the answer will need, and must outlive the run of `done`. One at a time.
  //
  // INVALID_ARGUMENT: see CheckInput; or more tokens than the model takes, under ERROR.
  absl::StatusOr<QueuedText> Encode(const unchecked::v1::Input& input, const std::string& field,
                                    EncodedText* encoded) const;

  // What the caller gets for a text that ended with `result`. Its code is the result's, or
  // MakeReply's. `*encoded` is told of the end.
  absl::StatusOr<v1::ClassifyResponse> Answer(const absl::StatusOr<TextResult>& result,
                                              EncodedText* encoded) const;

  absl::Time arrival() const { return arrival_; }

 private:
  absl::StatusOr<QueuedText> Tokenize(const unchecked::v1::Input& input, const std::string& field,
                                      EncodedText* encoded) const;

  const Serving& serving_;
  const Caller& caller_;
  FollowedCall& followed_;
  const absl::Time arrival_;
  ClassifyOptions options_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CLASSIFICATION_H_
