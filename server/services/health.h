// grpc.health.v1.Health: whether the server serves, for whoever balances or restarts it.
#ifndef VERDICT_SERVER_SERVICES_HEALTH_H_
#define VERDICT_SERVER_SERVICES_HEALTH_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "grpc/health/v1/health.pb.h"
#include "server/transport/unfinished_requests.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace verdict {

class HealthWatch;

// One state, of the server ("") and of verdict.v1.Classifier alike, told through any number of
// ports. gRPC's own service has one state for each port, and leaves its watchers without a status
// when the server goes.
//
// All methods may be called from any thread. It must outlive the services that it made and their
// grpc::Servers.
class Health {
 public:
  using Response = grpc::health::v1::HealthCheckResponse;

  // Not serving. `unfinished` must outlive the calls.
  explicit Health(UnfinishedRequests* unfinished) : unfinished_(unfinished) {}

  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // The service, for one grpc::Server.
  std::unique_ptr<grpc::Service> MakeService();

  // Sets the state, and tells all watchers.
  void Set(bool serving) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends all watches with UNAVAILABLE, and those that begin from now on. Does not wait until their
  // clients know.
  void EndWatches() ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether anybody watches.
  bool watched() const ABSL_LOCKS_EXCLUDED(mutex_);

  // The status of a service; SERVICE_UNKNOWN unless it is `known`.
  Response::ServingStatus Of(bool known) const ABSL_LOCKS_EXCLUDED(mutex_);

  // For its calls.
  UnfinishedRequests* unfinished() const { return unfinished_; }

  // For HealthWatch: begins to tell it, and stops.
  void Add(const std::shared_ptr<HealthWatch>& watch) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(HealthWatch* watch) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  UnfinishedRequests* const unfinished_;
  mutable absl::Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<HealthWatch*, std::weak_ptr<HealthWatch>> watches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SERVICES_HEALTH_H_
