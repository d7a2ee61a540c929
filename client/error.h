// The errors of a call and of one text of many, each as the other.
#ifndef VERDICT_CLIENT_ERROR_H_
#define VERDICT_CLIENT_ERROR_H_

#include <grpcpp/client_context.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// The status of a call that failed as this text did, but with `message`: its reason and the time
// after which to try again are details, as those of a call's status. REQUIRES: `error` has a code.
absl::Status ToAbslStatus(const v1::Error& error, absl::string_view message);

// The error of a text that failed as this call did.
v1::Error ToError(const absl::Status& status);

// For people, in one line: the code, the message, the reason where the server gave one, and when to
// try again: "RESOURCE_EXHAUSTED: the queue is full … (QUEUE_FULL; try again after 250ms)".
std::string ErrorText(const absl::Status& status);

// What the server said of when to ask again (`grpc-retry-pushback-ms`), empty if nothing. Of a call
// that has ended; lives as long as `context`.
absl::string_view PushbackMs(const grpc::ClientContext& context);

}  // namespace verdict

#endif  // VERDICT_CLIENT_ERROR_H_
