#include "server/http_routes.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict {

std::vector<HttpRoute> HttpRoutes(const Metrics& metrics, std::function<absl::Status()> readiness) {
  return {
      {"/metrics",
       [&metrics] {
         return HttpResponse{.content_type = Metrics::kContentType, .body = metrics.Expose()};
       }},
      {"/healthz", [] { return HttpResponse{.body = "alive\n"}; }},
      {"/readyz",
       [readiness = std::move(readiness)] {
         const absl::Status status = readiness();
         if (status.ok()) return HttpResponse{.body = "ready\n"};
         return HttpResponse{.status = 503, .body = absl::StrCat(status.message(), "\n")};
       }},
  };
}

}  // namespace verdict
