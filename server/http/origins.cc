#include "server/http/origins.h"

#include <optional>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace verdict {

bool HttpOrigins::IsOrigin(const std::string& text) {
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWith(text, scheme)) continue;
    const absl::string_view host = absl::string_view(text).substr(scheme.size());
    // In lower case and without a path, or it would equal no browser's.
    return !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]") ==
                                absl::string_view::npos;
  }
  return false;
}

bool HttpOrigins::Allows(const HttpRequest& request) const {
  const std::optional<std::string> origin = request.Header("Origin");
  return origin.has_value() && absl::c_linear_search(allowed_, *origin);
}

bool HttpOrigins::MayCall(const HttpRequest& request) const {
  const std::optional<std::string> site = request.Header("Sec-Fetch-Site");
  return !site.has_value() || *site == "same-origin" || *site == "none" || Allows(request);
}

void HttpOrigins::AddHeaders(const HttpRequest& request, HttpResponse* response) const {
  if (allowed_.empty() || !absl::StartsWith(request.path, "/v1/")) return;
  response->headers.emplace_back("Vary", "Origin");
  if (!Allows(request)) return;
  response->headers.emplace_back("Access-Control-Allow-Origin", *request.Header("Origin"));
  response->headers.emplace_back("Access-Control-Expose-Headers", "Retry-After, traceparent");
  if (request.method != "OPTIONS") return;
  response->headers.emplace_back("Access-Control-Allow-Methods", "GET, POST");
  response->headers.emplace_back(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Type, Grpc-Timeout, traceparent, tracestate");
  response->headers.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace verdict
