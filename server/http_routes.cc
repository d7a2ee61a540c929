#include "server/http_routes.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict {

namespace {

HttpRoute StatusRoute(std::string path, std::string ok, StatusSource source) {
  return {std::move(path), [ok = std::move(ok), source = std::move(source)](HttpRequest&) {
            const absl::Status status = source();
            if (status.ok()) return HttpResponse{.body = ok};
            return HttpResponse{.status = 503, .body = absl::StrCat(status.message(), "\n")};
          }};
}

}  // namespace

std::vector<HttpRoute> HttpRoutes(const Metrics& metrics, StatusSource liveness,
                                  StatusSource readiness) {
  return {
      {"/metrics",
       [&metrics](HttpRequest&) {
         return HttpResponse{.content_type = Metrics::kContentType, .body = metrics.Expose()};
       }},
      StatusRoute("/healthz", "alive\n", std::move(liveness)),
      StatusRoute("/readyz", "ready\n", std::move(readiness)),
  };
}

}  // namespace verdict
