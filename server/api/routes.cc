#include "server/api/routes.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace verdict {

namespace {

HttpRoute StatusRoute(std::string path, std::string ok, StatusSource source) {
  return {std::move(path),
          [ok = std::move(ok), source = std::move(source)](const HttpRequest&) -> HttpAnswer {
            const absl::Status status = source();
            if (status.ok()) return HttpResponse{.body = ok};
            return HttpResponse{.status = 503, .body = absl::StrCat(status.message(), "\n")};
          }};
}

// Makes the page of metrics, which takes a millisecond or more, for all who wait for it at once. So
// a flood of scrapes keeps one worker busy and not both, and everybody gets a page that was begun
// after he asked.
class Scrapes {
 public:
  explicit Scrapes(const Metrics& metrics) : metrics_(metrics) {}

  void Answer(HttpDone done) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      waiting_.push_back(std::move(done));
      if (is_made_) return;
      is_made_ = true;
    }
    for (std::vector<HttpDone> waiting = Next(); !waiting.empty(); waiting = Next()) {
      const HttpResponse page = {.content_type = Metrics::kContentType, .body = metrics_.Expose()};
      for (const HttpDone& one : waiting) {
        one([page] { return page; });
      }
    }
  }

 private:
  std::vector<HttpDone> Next() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    is_made_ = !waiting_.empty();
    return std::exchange(waiting_, {});
  }

  const Metrics& metrics_;
  absl::Mutex mutex_;
  bool is_made_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<HttpDone> waiting_ ABSL_GUARDED_BY(mutex_);
};

class Scrape final : public HttpWork {
 public:
  explicit Scrape(std::shared_ptr<Scrapes> scrapes) : scrapes_(std::move(scrapes)) {}

  std::optional<HttpResponse> Take(uint64_t) override { return std::nullopt; }
  void Answer(std::string, HttpDone done) override { scrapes_->Answer(std::move(done)); }

 private:
  const std::shared_ptr<Scrapes> scrapes_;
};

}  // namespace

std::vector<HttpRoute> HttpRoutes(const Metrics& metrics, StatusSource liveness,
                                  StatusSource readiness) {
  return {
      {"/metrics",
       [scrapes = std::make_shared<Scrapes>(metrics)](const HttpRequest&) -> HttpAnswer {
         return std::make_unique<Scrape>(scrapes);
       }},
      StatusRoute("/healthz", "alive\n", std::move(liveness)),
      StatusRoute("/readyz", "ready\n", std::move(readiness)),
  };
}

}  // namespace verdict
