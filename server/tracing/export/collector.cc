#include "server/tracing/export/collector.h"

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace verdict {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr char kTracesPath[] = "/v1/traces";
constexpr char kDefaultPort[] = "4318";
constexpr int kHttp11 = 11;
// An answer is a few bytes of JSON.
constexpr uint64_t kMostAnswerBytes = 64 << 10;

absl::Status BadEndpoint() {
  return absl::InvalidArgumentError("http://HOST:PORT, such as http://127.0.0.1:4318");
}

bool IsPort(absl::string_view text) {
  int port = 0;
  return absl::SimpleAtoi(text, &port) && port > 0 && port <= 65535;
}

bool IsPath(absl::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '?' || c == '#') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<CollectorAddress> ParseCollector(absl::string_view endpoint) {
  absl::string_view rest = endpoint;
  if (!absl::ConsumePrefix(&rest, "http://")) return BadEndpoint();
  const size_t slash = rest.find('/');
  absl::string_view path = slash == absl::string_view::npos ? "" : rest.substr(slash);
  absl::string_view authority = rest.substr(0, slash);
  while (absl::ConsumeSuffix(&path, "/")) {
  }
  const size_t bracket = authority.rfind(']');  // of an IPv6 address
  const size_t colon = authority.rfind(':');
  absl::string_view port = kDefaultPort;
  if (colon != absl::string_view::npos && (bracket == absl::string_view::npos || colon > bracket)) {
    port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  if (absl::ConsumePrefix(&authority, "[") != absl::ConsumeSuffix(&authority, "]")) {
    return BadEndpoint();
  }
  if (authority.empty() || authority.find_first_of("@[]? ") != absl::string_view::npos ||
      !IsPort(port) || !IsPath(path)) {
    return BadEndpoint();
  }
  return CollectorAddress{.host = std::string(authority),
                          .port = std::string(port),
                          .path = absl::StrCat(path, kTracesPath)};
}

// One request and its answer. Its handlers keep it, so that what comes after its time is up finds
// it still there.
class Collector::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(asio::io_context* io, const CollectorAddress& address, std::string body)
      : resolver_(*io), socket_(*io) {
    request_.version(kHttp11);
    request_.method(http::verb::post);
    request_.target(address.path);
    const bool is_ipv6 = absl::StrContains(address.host, ':');
    request_.set(http::field::host, is_ipv6 ? absl::StrCat("[", address.host, "]:", address.port)
                                            : absl::StrCat(address.host, ":", address.port));
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::user_agent, "verdictd");
    request_.body() = std::move(body);
    request_.prepare_payload();
    request_.keep_alive(false);
    parser_.body_limit(kMostAnswerBytes);
  }

  void Start(const CollectorAddress& address) {
    resolver_.async_resolve(address.host, address.port,
                            [self = shared_from_this()](const ErrorCode& error,
                                                        const Tcp::resolver::results_type& found) {
                              if (self->Failed("cannot find the collector", error)) return;
                              asio::async_connect(
                                  self->socket_, found,
                                  [self](const ErrorCode& error, const Tcp::endpoint&) {
                                    if (!self->Failed("cannot connect", error)) self->Write();
                                  });
                            });
  }

  // Nobody waits for it any more.
  void Abandon() {
    resolver_.cancel();
    ErrorCode ignored;
    socket_.close(ignored);
  }

  // nullopt: it is not over.
  std::optional<absl::StatusOr<std::string>> result;

 private:
  bool Failed(absl::string_view what, const ErrorCode& error) {
    if (error) result = absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
    return static_cast<bool>(error);
  }

  void Write() {
    http::async_write(socket_, request_,
                      [self = shared_from_this()](const ErrorCode& error, size_t) {
                        if (!self->Failed("cannot send", error)) self->Read();
                      });
  }

  void Read() {
    http::async_read(socket_, buffer_, parser_,
                     [self = shared_from_this()](const ErrorCode& error, size_t) {
                       if (self->Failed("no answer", error)) return;
                       const int status = self->parser_.get().result_int();
                       if (status / 100 == 2) {
                         self->result = std::move(self->parser_.get().body());
                       } else {
                         self->result = absl::UnavailableError(
                             absl::StrCat("the collector answers with the status ", status));
                       }
                     });
  }

  Tcp::resolver resolver_;
  Tcp::socket socket_;
  http::request<http::string_body> request_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
};

class Collector::Impl {
 public:
  explicit Impl(CollectorAddress address) : address_(std::move(address)) {}

  absl::StatusOr<std::string> Post(std::string body, absl::Duration timeout) {
    const auto exchange = std::make_shared<Exchange>(&io_, address_, std::move(body));
    exchange->Start(address_);
    io_.restart();
    // Another exchange, which was abandoned, may still have something to do here.
    const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
    while (!stopped_ && !exchange->result.has_value() && io_.run_one_until(end) > 0) {
    }
    if (exchange->result.has_value()) return *std::move(exchange->result);
    exchange->Abandon();
    if (stopped_) return absl::CancelledError("the server is going away");
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(timeout)));
  }

  void Stop() {
    stopped_ = true;
    io_.stop();
  }

 private:
  const CollectorAddress address_;
  asio::io_context io_{1};
  std::atomic<bool> stopped_ = false;
};

Collector::Collector(CollectorAddress address)
    : impl_(std::make_unique<Impl>(std::move(address))) {}

Collector::~Collector() = default;

absl::StatusOr<std::string> Collector::Post(std::string body, absl::Duration timeout) {
  return impl_->Post(std::move(body), timeout);
}

void Collector::Stop() { impl_->Stop(); }

}  // namespace verdict
