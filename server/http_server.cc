#include "server/http_server.h"

#include <civetweb.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

constexpr char kTimeoutMilliseconds[] = "2000";
// The time-out above is one for each byte that comes, so a piece can take as many of them as it has
// bytes. A small one costs two system calls more.
constexpr size_t kReadPieceBytes = 16;
// Here it is one for each packet that goes.
constexpr size_t kWritePieceBytes = 16 << 10;
// Whoever sends slowly what nobody reads has so many threads at most.
constexpr int kMostDiscarding = 32;
constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr char kHttpDate[] = "%a, %d %b %E4Y %H:%M:%S GMT";

// What civetweb says while it starts, in the thread that starts it: why it cannot listen. Later
// messages are dropped, as they quote what callers sent.
thread_local std::string* start_messages = nullptr;

int OnLogMessage(const mg_connection*, const char* message) {
  if (start_messages != nullptr)
    absl::StrAppend(start_messages, start_messages->empty() ? "" : "; ", message);
  return 1;  // not to be logged elsewhere
}

absl::Status CheckIpv6(const std::string& address) {
  if (!absl::StartsWith(address, "[") || mg_check_feature(MG_FEATURES_IPV6))
    return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "HTTP address ", address, ": the installed civetweb library is built without IPv6"));
}

class CivetwebRequest final : public HttpRequest {
 public:
  CivetwebRequest(mg_connection* connection, absl::Duration body_patience)
      : connection_(connection), body_patience_(body_patience) {}

  std::optional<std::string> Header(const char* name) const override {
    const char* value = mg_get_header(connection_, name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  absl::StatusOr<size_t> BodyBytes() const override {
    const int64_t bytes = mg_get_request_info(connection_)->content_length;
    if (bytes < 0) return absl::InvalidArgumentError("Content-Length is missing");
    return static_cast<size_t>(bytes);
  }

  absl::StatusOr<std::string> ReadBody(size_t bytes) override {
    const std::optional<std::string> expect = Header("Expect");
    if (expect.has_value() && absl::EqualsIgnoreCase(*expect, "100-continue")) {
      mg_write(connection_, kContinue.data(), kContinue.size());
    }
    const absl::Time deadline = SteadyNow() + body_patience_;
    std::string body(bytes, '\0');
    for (size_t read = 0; read < bytes;) {
      const size_t more = ReadPiece(body.data() + read, bytes - read);
      read += more;
      if (more == 0 || SteadyNow() > deadline) {
        return absl::DeadlineExceededError(
            absl::StrCat("of a body of ", bytes, " bytes, ", read, " came"));
      }
    }
    return body;
  }

  // Whether some of the body is not read.
  bool HasRest() const {
    const int64_t bytes = mg_get_request_info(connection_)->content_length;
    return bytes < 0 ? Header("Transfer-Encoding").has_value() : read_ < bytes;
  }

  // Reads on until nothing is left, nothing comes, or `deadline`.
  void Discard(absl::Time deadline) {
    std::array<char, kReadPieceBytes> piece;
    while (HasRest() && SteadyNow() < deadline && ReadPiece(piece.data(), piece.size()) > 0) {
    }
  }

 private:
  // As many bytes as are asked for, or a piece; fewer when nothing comes, at last none.
  size_t ReadPiece(char* into, size_t most) {
    const int read = mg_read(connection_, into, std::min(most, kReadPieceBytes));
    read_ += std::max(read, 0);
    return static_cast<size_t>(std::max(read, 0));
  }

  mg_connection* const connection_;
  const absl::Duration body_patience_;
  int64_t read_ = 0;
};

// Whether a proxy could see another body than we do. civetweb takes the first of two lengths, and
// the digits that a length begins with.
absl::Status CheckFraming(const mg_request_info& info) {
  int lengths = 0;
  bool chunked = false;
  for (int i = 0; i < info.num_headers; ++i) {
    const absl::string_view name = info.http_headers[i].name;
    const absl::string_view value = info.http_headers[i].value;
    chunked |= absl::EqualsIgnoreCase(name, "Transfer-Encoding");
    if (!absl::EqualsIgnoreCase(name, "Content-Length")) continue;
    if (++lengths > 1) return absl::InvalidArgumentError("Content-Length comes more than once");
    if (value.empty() || !absl::c_all_of(value, absl::ascii_isdigit)) {
      return absl::InvalidArgumentError("Content-Length is not a number");
    }
  }
  if (lengths > 0 && chunked) {
    return absl::InvalidArgumentError("Content-Length and Transfer-Encoding exclude each other");
  }
  return absl::OkStatus();
}

// As it came: what civetweb had to clean ("/v1/../metrics", "//metrics") is no path of ours, for a
// proxy that guards paths may see another one.
std::string PathOf(const mg_request_info& info) {
  if (info.local_uri == nullptr || info.local_uri_raw == nullptr) return "";
  const std::string path = info.local_uri;
  return path == info.local_uri_raw ? path : "";
}

// Not by mg_response_header_start: it refuses a request that asks for an upgrade to WebSocket.
std::string Head(mg_connection* connection, const HttpResponse& response) {
  std::string text = absl::StrCat(
      "HTTP/1.1 ", response.status, " ", mg_get_response_code_text(connection, response.status),
      "\r\nDate: ", absl::FormatTime(kHttpDate, absl::Now(), absl::UTCTimeZone()),
      "\r\nConnection: close\r\nContent-Type: ", response.content_type,
      "\r\nContent-Length: ", response.body.size(),
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
  for (const auto& [name, value] : response.headers)
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  text += "\r\n";
  return text;
}

// Gives up at `deadline`, or when the caller has gone; there is nobody to tell.
void Send(mg_connection* connection, absl::string_view head, absl::string_view body,
          absl::Time deadline) {
  // In one write where it fits: a second small one would wait for the first to be acknowledged.
  std::string first = absl::StrCat(head, body.substr(0, kWritePieceBytes));
  absl::string_view piece = first;
  size_t sent = std::min(body.size(), kWritePieceBytes);
  while (mg_write(connection, piece.data(), piece.size()) == static_cast<int>(piece.size()) &&
         sent < body.size() && SteadyNow() < deadline) {
    piece = body.substr(sent, kWritePieceBytes);
    sent += piece.size();
  }
}

}  // namespace

// civetweb's own syntax for ports has lists and letters behind the number (`8080s` means TLS),
// which are not ours; what passes here means to it what it means to us.
absl::Status HttpServer::CheckAddress(const std::string& address) {
  const absl::string_view text = address;
  const size_t colon = text.rfind(':');
  const absl::string_view host = text.substr(0, colon);
  uint32_t port = 0;
  const bool has_port = colon != absl::string_view::npos &&
                        absl::SimpleAtoi(text.substr(colon + 1), &port) && port <= 65535 &&
                        absl::ascii_isdigit(text[colon + 1]);
  const bool is_ipv6 = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  const absl::string_view name = is_ipv6 ? host.substr(1, host.size() - 2) : host;
  const char* allowed = is_ipv6
                            ? "0123456789abcdefABCDEF:."
                            : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
  if (!has_port || name.empty() || name.find_first_not_of(allowed) != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "HTTP address: expected HOST:PORT such as 127.0.0.1:8080, found \"", address, "\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              std::vector<HttpRoute> routes,
                                                              HttpPatience patience) {
  // Never undone: the library counts, and its global state is a few bytes.
  static const unsigned initialized [[maybe_unused]] = mg_init_library(MG_FEATURES_DEFAULT);
  if (absl::Status status = CheckAddress(address); !status.ok()) return status;
  if (absl::Status status = CheckIpv6(address); !status.ok()) return status;
  mg_callbacks callbacks = {};
  callbacks.begin_request = OnRequest;
  callbacks.log_message = OnLogMessage;
  const std::string threads = absl::StrCat(kThreads);
  const char* options[] = {
      "listening_ports", address.c_str(), "num_threads", threads.c_str(), "request_timeout_ms",
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
      new HttpServer(address.substr(0, address.rfind(':')), std::move(routes), patience));
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

HttpServer::HttpServer(std::string host, std::vector<HttpRoute> routes, HttpPatience patience)
    : host_(std::move(host)), patience_(patience) {
  for (HttpRoute& route : routes) routes_[route.path] = std::move(route);
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

void HttpServer::AwaitAnswered(absl::Time deadline) const {
  LookUntil([this] { return requests_ == 0; }, deadline);
}

int HttpServer::OnRequest(mg_connection* connection) {
  const auto* server = static_cast<const HttpServer*>(mg_get_user_context_data(connection));
  CivetwebRequest request(connection, server->patience_.body);
  ++server->requests_;
  const int status = server->Answer(connection, &request);
  --server->requests_;
  // Closing with bytes unread may take the reply from its reader.
  if (request.HasRest()) {
    if (++server->discarding_ <= kMostDiscarding) {
      request.Discard(SteadyNow() + server->patience_.discard);
    }
    --server->discarding_;
  }
  // Else the library would read the rest, for as long as it comes. It does not close again.
  mg_close_connection(connection);
  return status;
}

int HttpServer::Answer(mg_connection* connection, HttpRequest* request) const {
  const mg_request_info* info = mg_get_request_info(connection);
  const std::string method = info->request_method;
  const absl::Status framing = CheckFraming(*info);
  const HttpResponse response =
      framing.ok() ? Respond(method, PathOf(*info), request)
                   : HttpResponse{.status = 400, .body = absl::StrCat(framing.message(), "\n")};
  Send(connection, Head(connection, response), method == "HEAD" ? "" : response.body,
       SteadyNow() + patience_.reply);
  return response.status;
}

HttpResponse HttpServer::Respond(const std::string& method, const std::string& path,
                                 HttpRequest* request) const {
  const auto found = routes_.find(path);
  if (found == routes_.end()) return {.status = 404, .body = "not found\n"};
  const HttpRoute& route = found->second;
  if (method == "POST" && route.post != nullptr) return route.post(*request);
  if ((method == "GET" || method == "HEAD") && route.get != nullptr) return route.get(*request);
  const std::string allowed =
      absl::StrCat(route.get == nullptr ? "" : "GET, HEAD",
                   route.get == nullptr || route.post == nullptr ? "" : ", ",
                   route.post == nullptr ? "" : "POST");
  return {.status = 405,
          .body = absl::StrCat("method not allowed; use ", allowed, "\n"),
          .headers = {{"Allow", allowed}}};
}

}  // namespace verdict
