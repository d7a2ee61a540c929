#include "server/http_server.h"

#include <civetweb.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace verdict {
namespace {

constexpr char kTimeoutMilliseconds[] = "2000";
constexpr char kThreads[] = "32";

// What civetweb says while it starts, in the thread that starts it: why it cannot listen. Later
// messages are dropped, as they quote what callers sent.
thread_local std::string* start_messages = nullptr;

int OnLogMessage(const mg_connection*, const char* message) {
  if (start_messages != nullptr)
    absl::StrAppend(start_messages, start_messages->empty() ? "" : "; ", message);
  return 1;  // not to be logged elsewhere
}

// civetweb's own syntax for ports has lists and letters behind the number (`8080s` means TLS),
// which are not ours; what passes here means to it what it means to us.
absl::Status CheckAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  const absl::string_view host = address.substr(0, colon);
  uint32_t port = 0;
  const bool has_port = colon != absl::string_view::npos &&
                        absl::SimpleAtoi(address.substr(colon + 1), &port) && port <= 65535 &&
                        absl::ascii_isdigit(address[colon + 1]);
  const bool is_ipv6 = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  const absl::string_view name = is_ipv6 ? host.substr(1, host.size() - 2) : host;
  const char* allowed = is_ipv6
                            ? "0123456789abcdefABCDEF:."
                            : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
  if (!has_port || name.empty() || name.find_first_not_of(allowed) != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "HTTP address: expected HOST:PORT such as 127.0.0.1:8080, found \"", address, "\""));
  }
  if (is_ipv6 && !mg_check_feature(MG_FEATURES_IPV6)) {
    return absl::UnavailableError(absl::StrCat(
        "HTTP address ", address, ": the installed civetweb library is built without IPv6"));
  }
  return absl::OkStatus();
}

// Not by mg_response_header_start: it refuses a request that asks for an upgrade to WebSocket.
void Send(mg_connection* connection, const HttpResponse& response, bool with_body) {
  std::string text = absl::StrCat(
      "HTTP/1.1 ", response.status, " ", mg_get_response_code_text(connection, response.status),
      "\r\nConnection: close\r\nContent-Type: ", response.content_type,
      "\r\nContent-Length: ", response.body.size(),
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
      response.status == 405 ? "Allow: GET, HEAD\r\n" : "", "\r\n");
  if (with_body) text += response.body;
  // A failure means that the caller has gone; there is nobody to tell.
  mg_write(connection, text.data(), text.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              std::vector<HttpRoute> routes) {
  // Never undone: the library counts, and its global state is a few bytes.
  static const unsigned initialized [[maybe_unused]] = mg_init_library(MG_FEATURES_DEFAULT);
  if (absl::Status status = CheckAddress(address); !status.ok()) return status;

  mg_callbacks callbacks = {};
  callbacks.begin_request = OnRequest;
  callbacks.log_message = OnLogMessage;
  const char* options[] = {
      "listening_ports", address.c_str(), "num_threads", kThreads, "request_timeout_ms",
      kTimeoutMilliseconds,
      // An idle connection kept alive would hold a thread for nothing.
      "enable_keep_alive", "no", "max_request_size", "16384",
      // Without these two the library answers requests from other origins itself.
      "access_control_allow_origin", "", "access_control_allow_methods", "",
      // Anybody's name for us is right: Prometheus comes by IP address, people by host name.
      "enable_auth_domain_check", "no",
      // OnRequest answers everything, so no file is ever looked for; this is the second lock.
      "enable_directory_listing", "no", nullptr};
  std::unique_ptr<HttpServer> server(
      new HttpServer(address.substr(0, address.rfind(':')), std::move(routes)));
  std::string messages;
  start_messages = &messages;
  server->context_ = mg_start(&callbacks, server.get(), options);
  start_messages = nullptr;
  if (server->context_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("HTTP address ", address, ": cannot listen: ", messages));
  }
  mg_server_port port = {};
  if (mg_get_server_ports(server->context_, 1, &port) == 1) server->port_ = port.port;
  return server;
}

HttpServer::HttpServer(std::string host, std::vector<HttpRoute> routes) : host_(std::move(host)) {
  for (HttpRoute& route : routes) routes_[route.path] = std::move(route.get);
}

HttpServer::~HttpServer() {
  if (context_ == nullptr) return;
  auto stopped = std::async(std::launch::async, mg_stop, context_);
  // The library looks whether it shall stop every two seconds, and whenever somebody connects.
  while (stopped.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready) {
    std::array<char, 64> error;
    mg_connection* wake = mg_connect_client(host_.c_str(), port_, 0, error.data(), error.size());
    if (wake != nullptr) mg_close_connection(wake);
  }
}

int HttpServer::OnRequest(mg_connection* connection) {
  const auto* server = static_cast<const HttpServer*>(mg_get_user_context_data(connection));
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string method = request->request_method;
  const char* path = request->local_uri == nullptr ? "" : request->local_uri;
  const HttpResponse response = server->Respond(method, path);
  Send(connection, response, method != "HEAD");
  return response.status;
}

HttpResponse HttpServer::Respond(const std::string& method, const std::string& path) const {
  const auto route = routes_.find(path);
  if (route == routes_.end()) return {.status = 404, .body = "not found\n"};
  if (method != "GET" && method != "HEAD") {
    return {.status = 405, .body = "method not allowed; use GET\n"};
  }
  return route->second();
}

}  // namespace verdict
