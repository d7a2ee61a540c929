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

namespace verdict {

// How the texts of one request are classified: that of a unary call, or one message of a stream.
// They share its options, its moment of arrival, and its caller.
//
// SetOptions comes first; then all is const. `serving` and `caller` must outlive it.
class Classification {
 public:
  Classification(const Serving& serving, const Caller& caller, absl::Time arrival)
      : serving_(serving), caller_(caller), arrival_(arrival) {}

  // INVALID_ARGUMENT: see CheckOptions.
  absl::Status SetOptions(const unchecked::v1::Options& options);

  // The bytes to admit for the replies to `texts`: see verdict::ReplyBytes.
  int64_t ReplyBytes(size_t texts) const;

  // Whether a reply is so large that making it would delay the engine's thread: then SlicedWork
  // makes it.
  bool RepliesAreLarge() const { return ReplyBytes(1) > 0; }

  // Checks and tokenizes `input`, called `field` in messages. The result has everything but `done`;
  // `*encoded` is what the answer will need.
  //
  // INVALID_ARGUMENT: see CheckInput; or more tokens than the model takes, under ERROR.
  absl::StatusOr<QueuedText> Encode(const unchecked::v1::Input& input, const std::string& field,
                                    EncodedText* encoded) const;

  // What the caller gets for a text that ended with `result`. Its code is the result's, or
  // MakeReply's.
  absl::StatusOr<v1::ClassifyResponse> Answer(const EncodedText& encoded,
                                              const absl::StatusOr<TextResult>& result) const;

 private:
  const Serving& serving_;
  const Caller& caller_;
  const absl::Time arrival_;
  ClassifyOptions options_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CLASSIFICATION_H_
