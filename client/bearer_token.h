// The token that a client shows with each call.
#ifndef VERDICT_CLIENT_BEARER_TOKEN_H_
#define VERDICT_CLIENT_BEARER_TOKEN_H_

#include <grpcpp/support/client_interceptor.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace verdict {

// The token in the first line of a file, which is looked at again every few seconds: a changed one
// is used from then on, an unreadable one leaves the last. Thread-safe.
class TokenFile {
 public:
  // INVALID_ARGUMENT: the file has no token. NOT_FOUND, ...: it cannot be read.
  static absl::StatusOr<std::unique_ptr<TokenFile>> Open(const std::string& path, absl::Time now);

  std::string Token(absl::Time now);

 private:
  TokenFile(std::string path, std::string token, absl::Time now)
      : path_(std::move(path)), token_(std::move(token)), read_(now) {}

  const std::string path_;
  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time read_ ABSL_GUARDED_BY(mutex_);
};

// Adds `authorization: Bearer TOKEN` to all calls of a channel, TLS or not: gRPC's own call
// credentials refuse a channel without.
std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface> ShowToken(
    std::unique_ptr<TokenFile> file);

}  // namespace verdict

#endif  // VERDICT_CLIENT_BEARER_TOKEN_H_
