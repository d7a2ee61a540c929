#include "server/api/debug_routes.h"

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "latency/steady_clock.h"
#include "server/log/log.h"

namespace verdict {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMostBodyBytes = 1024;

// Makes its response on a worker thread: it takes longer than the thread of all connections has.
class Made final : public HttpWork {
 public:
  using Make = std::function<HttpResponse(const std::string& body)>;

  explicit Made(Make make) : make_(std::move(make)) {}

  std::optional<HttpResponse> Take(uint64_t bytes) override {
    bytes_ += bytes;
    if (bytes_ <= kMostBodyBytes) return std::nullopt;
    return JsonError(413, absl::InvalidArgumentError(
                              absl::StrCat("the body has more than ", kMostBodyBytes, " bytes")));
  }

  void Answer(std::string body, HttpDone done) override {
    done([make = make_, body = std::move(body)] { return make(body); });
  }

 private:
  const Make make_;
  uint64_t bytes_ = 0;
};

// `make` runs for those who may call.
HttpMethod Guarded(const JsonApi& api,
                   std::function<HttpResponse(const HttpRequest&, const std::string& body)> make) {
  return [&api, make = std::move(make)](const HttpRequest& http) -> HttpAnswer {
    if (absl::Status status = api.CheckCaller(http); !status.ok()) return JsonError(status);
    return std::make_unique<Made>(
        [make, http](const std::string& body) { return make(http, body); });
  };
}

std::string ToJson(const std::vector<OptionInForce>& options) {
  Json json = {{"options", Json::array()}};
  for (const OptionInForce& option : options) {
    json["options"].push_back(
        {{"name", option.name}, {"value", option.value}, {"default", option.is_default}});
  }
  return json.dump() + "\n";
}

HttpResponse LogLevelResponse() {
  const Json json = {{"level", LogLevelName(CurrentLogLevel())}};
  return {.content_type = "application/json", .body = json.dump() + "\n"};
}

// The level that a request asks for, in whatever way it does; empty: none.
std::string AskedLevel(const HttpRequest& http, const std::string& body) {
  for (absl::string_view pair : absl::StrSplit(http.query, '&')) {
    if (absl::ConsumePrefix(&pair, "level=")) return std::string(pair);
  }
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("level") || !json["level"].is_string()) return "";
  return json["level"].get<std::string>();
}

HttpResponse SetLevel(const HttpRequest& http, const std::string& body) {
  const std::optional<LogLevel> level = LogLevelOf(AskedLevel(http, body));
  if (!level.has_value()) {
    return JsonError(absl::InvalidArgumentError(
        "level: expected debug, info, warning or error, as ?level=debug or {\"level\":\"debug\"}"));
  }
  LogCallers(LogLevel::kWarning, "the level of the log is set",
             {{"level", LogLevelName(*level)}, {"peer", http.peer}});
  SetLogLevel(*level);
  return LogLevelResponse();
}

}  // namespace

std::vector<HttpRoute> DebugRoutes(const CallJournal& journal, const JsonApi& api,
                                   const std::vector<OptionInForce>& options) {
  const auto in_force = [json = ToJson(options)](const HttpRequest&,
                                                 const std::string&) -> HttpResponse {
    return {.content_type = "application/json", .body = json};
  };
  const auto requests = [&journal](const HttpRequest&, const std::string&) -> HttpResponse {
    return {.content_type = "application/json", .body = journal.Json(SteadyNow())};
  };
  const auto level = [](const HttpRequest&, const std::string&) { return LogLevelResponse(); };
  return {
      {.path = "/debug/requests", .get = Guarded(api, requests)},
      {.path = "/debug/options", .get = Guarded(api, in_force)},
      {.path = "/debug/log-level", .get = Guarded(api, level), .post = Guarded(api, SetLevel)},
  };
}

}  // namespace verdict
