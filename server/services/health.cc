#include "server/services/health.h"

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "proto/status_details.h"
#include "server/transport/bytes_service.h"
#include "server/transport/connection_settings.h"
#include "server/transport/message_bytes.h"

namespace verdict {

// The request of a Check or a Watch, until it is here.
class HealthRequest {
 public:
  explicit HealthRequest(UnfinishedRequests* unfinished) : unfinished_(unfinished) {}

  // `give_up` as UnfinishedRequests'.
  void Read(BytesReactor* reactor, std::function<void(const absl::Status&)> give_up) {
    place_ = unfinished_->Await(std::move(give_up));
    reactor->StartRead(&bytes_);
  }

  // Of the reactor's OnReadDone. False: it was given up.
  bool Came() { return unfinished_->Came(place_); }

  // Whether it asks for a service that we have.
  //
  // RESOURCE_EXHAUSTED: it is longer than any name. INVALID_ARGUMENT: it is no such request.
  absl::StatusOr<bool> AsksForKnown() const {
    if (bytes_.Length() > kMaxHealthRequestBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the request has ", bytes_.Length(), " bytes; expected at most ",
                       kMaxHealthRequestBytes, ", as it names a service"));
    }
    grpc::health::v1::HealthCheckRequest request;
    if (absl::Status status = ParseMessage(bytes_, &request); !status.ok()) return status;
    return request.service().empty() || request.service() == "verdict.v1.Classifier";
  }

 private:
  UnfinishedRequests* const unfinished_;
  UnfinishedRequests::Place place_;
  grpc::ByteBuffer bytes_;
};

// One who asks once.
class HealthCheck final : public BytesReactor {
 public:
  static HealthCheck* Start(Health* health) {
    auto* check = new HealthCheck(health);
    check->request_.Read(check, [check](const absl::Status& status) { check->Fail(status); });
    return check;
  }

  void OnReadDone(bool ok) override {
    if (!request_.Came()) return;
    if (!ok) return Fail(absl::CancelledError("the request has not come"));
    const absl::StatusOr<bool> known = request_.AsksForKnown();
    if (!known.ok()) return Fail(known.status());
    if (!*known) return Fail(absl::NotFoundError("no service of this name"));
    Health::Response response;
    response.set_status(health_->Of(*known));
    if (absl::Status status = SerializeMessage(response, &response_); !status.ok()) {
      return Fail(status);
    }
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }

  void OnDone() override { delete this; }

 private:
  explicit HealthCheck(Health* health) : health_(health), request_(health->unfinished()) {}

  void Fail(const absl::Status& status) { Finish(ToGrpcStatus(status)); }

  Health* const health_;
  HealthRequest request_;
  grpc::ByteBuffer response_;
};

// One who watches, from the arrival of the call to its end. It keeps itself until gRPC has done
// with it.
class HealthWatch final : public BytesReactor {
 public:
  static HealthWatch* Start(Health* health) {
    const std::shared_ptr<HealthWatch> watch(new HealthWatch(health));
    watch->self_ = watch;
    watch->request_.Read(watch.get(), [watch = watch.get()](const absl::Status& status) {
      watch->End(ToGrpcStatus(status));
    });
    return watch.get();
  }

  void OnReadDone(bool ok) override {
    if (!request_.Came()) return;
    if (!ok) return End(grpc::Status::CANCELLED);
    const absl::StatusOr<bool> known = request_.AsksForKnown();
    if (!known.ok()) return End(ToGrpcStatus(known.status()));
    known_ = *known;
    health_->Add(self_);
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
  explicit HealthWatch(Health* health) : health_(health), request_(health->unfinished()) {}

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
        Health::Response response;
        response.set_status(*told_);
        write = writing_ = SerializeMessage(response, &response_).ok();
      } else if (end_.has_value()) {
        end = end_;
        ended_ = true;
      }
    }
    if (write) StartWrite(&response_);
    if (end.has_value()) Finish(*end);
  }

  Health* const health_;
  HealthRequest request_;
  bool known_ = false;  // not the name, which may be long
  std::shared_ptr<HealthWatch> self_;

  absl::Mutex mutex_;
  std::optional<Health::Response::ServingStatus> told_;  // this and all below: under mutex_
  std::optional<Health::Response::ServingStatus> next_;
  grpc::ByteBuffer response_;  // being written
  bool writing_ = false;
  std::optional<grpc::Status> end_;
  bool ended_ = false;
};

namespace {

const grpc::Status& GoingAway() {
  static const auto& status = *new grpc::Status(grpc::UNAVAILABLE, "the server is going away");
  return status;
}

}  // namespace

std::unique_ptr<grpc::Service> Health::MakeService() {
  return std::make_unique<BytesService>(
      "grpc.health.v1.Health",
      std::vector<BytesService::Method>{
          {"Check", [this](grpc::CallbackServerContext*) { return HealthCheck::Start(this); }},
          {"Watch", [this](grpc::CallbackServerContext*) { return HealthWatch::Start(this); }},
      });
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
