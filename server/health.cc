#include "server/health.h"

#include <grpcpp/support/server_callback.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/connection_settings.h"

namespace verdict {

// One who watches, from the arrival of the call to its end. It keeps itself until gRPC has done
// with it.
class HealthWatch final : public grpc::ServerWriteReactor<Health::Response> {
 public:
  static HealthWatch* Start(Health* health, bool known) {
    const std::shared_ptr<HealthWatch> watch(new HealthWatch(health, known));
    watch->self_ = watch;
    health->Add(watch);
    return watch.get();
  }

  // Tells the watcher how its service is, unless it knows.
  void Tell() {
    // Asked under the lock, so that the last to be told is the newest.
    Act([&] {
      next_ = health_->Of(known_);
      if (next_ == told_) next_.reset();
    });
  }

  // Ends the call, after what is to be told before.
  void End(const grpc::Status& status) {
    Act([&] {
      if (!end_.has_value()) end_ = status;
    });
  }

  void OnWriteDone(bool ok) override {
    Act([&] {
      writing_ = false;
      if (!ok && !end_.has_value()) end_ = grpc::Status::CANCELLED;
    });
  }

  void OnCancel() override {
    Act([&] {
      end_ = grpc::Status::CANCELLED;
      next_.reset();
    });
  }

  void OnDone() override {
    health_->Remove(this);
    self_.reset();
  }

 private:
  HealthWatch(Health* health, bool known) : health_(health), known_(known) {}

  // Changes the state by `change` under the lock, then does without it what is due: one write at a
  // time, and the end when nothing is left to write.
  template <typename Change>
  void Act(const Change& change) ABSL_LOCKS_EXCLUDED(mutex_) {
    bool write = false;
    std::optional<grpc::Status> end;
    {
      absl::MutexLock lock(&mutex_);
      change();
      if (writing_ || ended_) return;
      if (next_.has_value()) {
        told_ = next_;
        next_.reset();
        response_.set_status(*told_);
        write = writing_ = true;
      } else if (end_.has_value()) {
        end = end_;
        ended_ = true;
      }
    }
    if (write) StartWrite(&response_);
    if (end.has_value()) Finish(*end);
  }

  Health* const health_;
  const bool known_;  // not the name, which may be long
  std::shared_ptr<HealthWatch> self_;

  absl::Mutex mutex_;
  std::optional<Health::Response::ServingStatus> told_;  // this and all below: under mutex_
  std::optional<Health::Response::ServingStatus> next_;
  Health::Response response_;  // being written
  bool writing_ = false;
  std::optional<grpc::Status> end_;
  bool ended_ = false;
};

namespace {

bool IsKnown(const std::string& service) {
  return service.empty() || service == "verdict.v1.Classifier";
}

// gRPC keeps the request for as long as somebody watches, so it must be short. On a port with other
// services gRPC itself takes longer ones.
grpc::Status CheckSize(const grpc::health::v1::HealthCheckRequest& request) {
  if (request.service().size() <= kMaxHealthRequestBytes) return grpc::Status::OK;
  return {grpc::RESOURCE_EXHAUSTED,
          absl::StrCat("the name of the service has ", request.service().size(),
                       " bytes; expected at most ", kMaxHealthRequestBytes)};
}

// The answer to a Watch that is refused.
class RefusedWatch final : public grpc::ServerWriteReactor<Health::Response> {
 public:
  explicit RefusedWatch(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  explicit HealthService(verdict::Health* health) : health_(health) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  verdict::Health::Response* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (const grpc::Status status = CheckSize(*request); !status.ok()) {
      reactor->Finish(status);
      return reactor;
    }
    const bool known = IsKnown(request->service());
    response->set_status(health_->Of(known));
    reactor->Finish(known ? grpc::Status::OK
                          : grpc::Status(grpc::NOT_FOUND, "no service of this name"));
    return reactor;
  }

  grpc::ServerWriteReactor<verdict::Health::Response>* Watch(
      grpc::CallbackServerContext* /*context*/,
      const grpc::health::v1::HealthCheckRequest* request) override {
    if (const grpc::Status status = CheckSize(*request); !status.ok()) {
      return new RefusedWatch(status);
    }
    return HealthWatch::Start(health_, IsKnown(request->service()));
  }

 private:
  verdict::Health* const health_;
};

const grpc::Status& GoingAway() {
  static const auto& status = *new grpc::Status(grpc::UNAVAILABLE, "the server is going away");
  return status;
}

}  // namespace

std::unique_ptr<grpc::Service> Health::MakeService() {
  return std::make_unique<HealthService>(this);
}

Health::Response::ServingStatus Health::Of(bool known) const {
  if (!known) return Response::SERVICE_UNKNOWN;
  absl::MutexLock lock(&mutex_);
  return serving_ ? Response::SERVING : Response::NOT_SERVING;
}

void Health::Set(bool serving) {
  std::vector<std::shared_ptr<HealthWatch>> watches;
  {
    absl::MutexLock lock(&mutex_);
    serving_ = serving;
    for (const auto& [_, watch] : watches_) watches.push_back(watch.lock());
  }
  for (const auto& watch : watches) {
    if (watch != nullptr) watch->Tell();
  }
}

void Health::EndWatches() {
  std::vector<std::shared_ptr<HealthWatch>> watches;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    for (const auto& [_, watch] : watches_) watches.push_back(watch.lock());
  }
  for (const auto& watch : watches) {
    if (watch != nullptr) watch->End(GoingAway());
  }
}

bool Health::watched() const {
  absl::MutexLock lock(&mutex_);
  return !watches_.empty();
}

void Health::Add(const std::shared_ptr<HealthWatch>& watch) {
  bool ending = false;
  {
    absl::MutexLock lock(&mutex_);
    ending = ending_;
    watches_.emplace(watch.get(), watch);
  }
  watch->Tell();
  if (ending) watch->End(GoingAway());
}

void Health::Remove(HealthWatch* watch) {
  absl::MutexLock lock(&mutex_);
  watches_.erase(watch);
}

}  // namespace verdict
