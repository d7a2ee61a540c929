#include "server/http/router.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace verdict {
namespace {

constexpr absl::string_view kAllMethods = "GET, HEAD, POST, OPTIONS";

// Whether somebody who tidies the path finds another one.
bool IsPlain(const std::string& path) {
  if (absl::StrContains(path, "%00") || absl::StrContains(path, '\\')) return false;
  // As written with percents: "%2e%2e" is "..", "%2f" is "/".
  const std::string decoded = absl::StrReplaceAll(
      path, {{"%2e", "."}, {"%2E", "."}, {"%2f", "/"}, {"%2F", "/"}, {"%5c", "/"}, {"%5C", "/"}});
  const std::vector<absl::string_view> parts = absl::StrSplit(decoded, '/');
  for (size_t i = 1; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    if (parts[i] == "." || parts[i] == ".." || (parts[i].empty() && !is_last)) return false;
  }
  return true;
}

std::string MethodsOf(const HttpRoute& route) {
  std::vector<absl::string_view> methods;
  if (route.get != nullptr) methods.insert(methods.end(), {"GET", "HEAD"});
  if (route.post != nullptr) methods.push_back("POST");
  methods.push_back("OPTIONS");
  return absl::StrJoin(methods, ", ");
}

HttpResponse Allowed(absl::string_view methods) {
  return {.status = 204, .body = "", .headers = {{"Allow", std::string(methods)}}};
}

}  // namespace

HttpRouter::HttpRouter(std::vector<HttpRoute> routes) {
  for (HttpRoute& route : routes) {
    std::string path = route.path;
    routes_.emplace(std::move(path), std::move(route));
  }
}

std::string HttpRouter::Name(const std::string& path) const {
  return routes_.contains(path) ? path : "other";
}

HttpAnswer HttpRouter::Answer(const HttpRequest& request) const {
  const std::string& method = request.method;
  if (request.path == "*" && method == "OPTIONS") return Allowed(kAllMethods);
  if (!absl::StartsWith(request.path, "/") || !IsPlain(request.path)) {
    return HttpResponse{.status = 400, .body = "the path has to be written plainly\n"};
  }
  const auto found = routes_.find(request.path);
  if (found == routes_.end()) return HttpResponse{.status = 404, .body = "not found\n"};
  const HttpRoute& route = found->second;
  if (method == "POST" && route.post != nullptr) return route.post(request);
  if ((method == "GET" || method == "HEAD") && route.get != nullptr) return route.get(request);
  const std::string methods = MethodsOf(route);
  if (method == "OPTIONS") return Allowed(methods);
  return HttpResponse{.status = 405,
                      .body = absl::StrCat("method not allowed; use ", methods, "\n"),
                      .headers = {{"Allow", methods}}};
}

}  // namespace verdict
