#include "server/api/routes.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/metrics/open_metrics/open_metrics.h"

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
  using MakePage = std::function<HttpResponse()>;

  explicit Scrapes(MakePage make_page) : make_page_(std::move(make_page)) {}

  void Answer(HttpDone done) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      waiting_.push_back(std::move(done));
      if (is_made_) return;
      is_made_ = true;
    }
    for (std::vector<HttpDone> waiting = Next(); !waiting.empty(); waiting = Next()) {
      const HttpResponse page = make_page_();
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

  const MakePage make_page_;
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

// OpenMetrics for who asks for it, as Prometheus does, by the media type alone.
HttpRoute MetricsRoute(const Metrics& metrics) {
  const auto text = std::make_shared<Scrapes>([&metrics] {
    return HttpResponse{.content_type = Metrics::kTextType, .body = metrics.Expose()};
  });
  const auto open_metrics = std::make_shared<Scrapes>([&metrics] {
    return HttpResponse{.content_type = kOpenMetricsType, .body = metrics.ExposeOpenMetrics()};
  });
  return {"/metrics", [text, open_metrics](const HttpRequest& http) -> HttpAnswer {
            const bool asked = absl::StrContains(http.Header("Accept").value_or(""),
                                                 "application/openmetrics-text");
            return std::make_unique<Scrape>(asked ? open_metrics : text);
          }};
}

}  // namespace

std::vector<HttpRoute> HttpRoutes(const Metrics& metrics, StatusSource liveness,
                                  StatusSource readiness) {
  return {
      MetricsRoute(metrics),
      StatusRoute("/healthz", "alive\n", std::move(liveness)),
      StatusRoute("/readyz", "ready\n", std::move(readiness)),
  };
}

}  // namespace verdict
