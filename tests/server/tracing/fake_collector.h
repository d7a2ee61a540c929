// A collector of traces that remembers what it gets.
#ifndef VERDICT_TESTS_SERVER_TRACING_FAKE_COLLECTOR_H_
#define VERDICT_TESTS_SERVER_TRACING_FAKE_COLLECTOR_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/http/server.h"
#include "server/tracing/export/collector.h"

namespace verdict {

// All methods may be called from any thread.
class FakeCollector {
 public:
  // `answer` is what it says to each post; none: it never answers.
  explicit FakeCollector(std::optional<HttpResponse> answer = HttpResponse{.body = "{}"})
      : answer_(std::move(answer)) {
    const auto post = [this](const HttpRequest&) -> HttpAnswer {
      return std::make_unique<Work>(this);
    };
    http_ =
        *HttpServer::Start({"127.0.0.1:0"}, {{.path = "/v1/traces", .get = nullptr, .post = post}});
  }

  // Its server waits for all answers: those that were held back are given now.
  ~FakeCollector() {
    std::vector<HttpDone> held;
    {
      absl::MutexLock lock(&mutex_);
      held.swap(held_);
    }
    for (const HttpDone& done : held) done([] { return HttpResponse{.status = 503, .body = ""}; });
    http_.reset();
  }

  CollectorAddress address() const {
    return *ParseCollector(absl::StrCat("http://127.0.0.1:", http_->port()));
  }

  // Waits until `count` spans have come, and gives all.
  std::vector<nlohmann::json> AwaitSpans(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]()
                             ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return spans_.size() >= count; };
    mutex_.Await(absl::Condition(&reached));
    return spans_;
  }

  // Waits for a post, whether it is answered or not.
  void AwaitPost() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&posted_));
  }

  // The resource of the latest post.
  nlohmann::json resource() const {
    absl::MutexLock lock(&mutex_);
    return resource_;
  }

 private:
  class Work final : public HttpWork {
   public:
    explicit Work(FakeCollector* collector) : collector_(collector) {}

    std::optional<HttpResponse> Take(uint64_t) override { return std::nullopt; }
    void Answer(std::string body, HttpDone done) override {
      collector_->Keep(nlohmann::json::parse(body));
      if (collector_->answer_.has_value()) {
        done([answer = *collector_->answer_] { return answer; });
      } else {
        collector_->Hold(std::move(done));
      }
    }

   private:
    FakeCollector* const collector_;
  };

  void Keep(const nlohmann::json& request) {
    absl::MutexLock lock(&mutex_);
    for (const auto& of_resource : request["resourceSpans"]) {
      resource_ = of_resource["resource"];
      for (const auto& of_scope : of_resource["scopeSpans"]) {
        spans_.insert(spans_.end(), of_scope["spans"].begin(), of_scope["spans"].end());
      }
    }
    posted_ = true;
  }

  void Hold(HttpDone done) {
    absl::MutexLock lock(&mutex_);
    held_.push_back(std::move(done));
  }

  const std::optional<HttpResponse> answer_;
  mutable absl::Mutex mutex_;
  bool posted_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<nlohmann::json> spans_ ABSL_GUARDED_BY(mutex_);
  nlohmann::json resource_ ABSL_GUARDED_BY(mutex_);
  std::vector<HttpDone> held_ ABSL_GUARDED_BY(mutex_);  // of those that it never answers
  std::unique_ptr<HttpServer> http_;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_TRACING_FAKE_COLLECTOR_H_
