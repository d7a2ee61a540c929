// grpc.reflection.v1 and v1alpha over gRPC.
#ifndef VERDICT_SERVER_SERVICES_REFLECTION_SERVICE_H_
#define VERDICT_SERVER_SERVICES_REFLECTION_SERVICE_H_

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/security/bearer_tokens.h"
#include "server/services/reflection.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace verdict {

class ReflectionStream;

// Serves reflection to whoever has a token, where tokens are asked for. gRPC's own plugin is
// synchronous: each open stream holds a thread.
//
// At most kMostStreams streams are open. One more ends the oldest with RESOURCE_EXHAUSTED, so that
// a client that opens many keeps nobody out. A message of more than kMostRequestBytes ends its
// stream with INVALID_ARGUMENT.
//
// All methods may be called from any thread. It must outlive the services that it made and their
// grpc::Server.
class ReflectionService {
 public:
  static constexpr size_t kMostStreams = 64;
  static constexpr size_t kMostRequestBytes = 4 << 10;  // it is a name

  // Tells of `services` and of reflection itself. `tokens` may be null: then anybody is told.
  ReflectionService(std::vector<std::string> services, BearerTokens* tokens);

  ReflectionService(const ReflectionService&) = delete;
  ReflectionService& operator=(const ReflectionService&) = delete;

  // One service for each name that reflection has.
  std::vector<std::unique_ptr<grpc::Service>> MakeServices();

  // For ReflectionStream.
  const Reflection& reflection() const { return reflection_; }
  BearerTokens* tokens() const { return tokens_; }
  void Add(const std::shared_ptr<ReflectionStream>& stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(ReflectionStream* stream) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Reflection reflection_;
  BearerTokens* const tokens_;

  absl::Mutex mutex_;
  std::list<std::shared_ptr<ReflectionStream>> streams_ ABSL_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SERVICES_REFLECTION_SERVICE_H_
