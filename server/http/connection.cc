#include "server/http/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

namespace asio = boost::asio;

// Most requests come in one piece of this size; of bodies more is read at a time.
constexpr size_t kHeaderPieceBytes = 2 << 10;
constexpr size_t kBodyPieceBytes = 16 << 10;
// What the parser may leave of a body until more comes: the extensions of a chunk, or the trailer.
constexpr size_t kMostRestBytes = 16 << 10;
constexpr uint64_t kLargeBodyBytes = 64 << 10;
constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr char kHttpDate[] = "%a, %d %b %E4Y %H:%M:%S GMT";

absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return status < 500 ? "Refused" : "Internal Server Error";
  }
}

std::string Head(const HttpResponse& response, bool keeps_alive) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
                   "\r\nDate: ", absl::FormatTime(kHttpDate, absl::Now(), absl::UTCTimeZone()),
                   "\r\nConnection: ", keeps_alive ? "keep-alive" : "close",
                   "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
  if (response.status != 204) {
    absl::StrAppend(&head, "Content-Type: ", response.content_type,
                    "\r\nContent-Length: ", response.body.size(), "\r\n");
  }
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  }
  head += "\r\n";
  return head;
}

// As gRPC writes the peers of its calls.
std::string PeerOf(const HttpConnection::Socket& socket) {
  boost::system::error_code error;
  const HttpConnection::Socket::endpoint_type endpoint = socket.remote_endpoint(error);
  asio::ip::tcp::endpoint tcp;
  if (error || endpoint.size() > tcp.capacity()) return "unix:";
  const int family = endpoint.protocol().family();
  if (family != AF_INET && family != AF_INET6) return "unix:";
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  const std::string address = tcp.address().to_string();
  return family == AF_INET ? absl::StrCat("ipv4:", address, ":", tcp.port())
                           : absl::StrCat("ipv6:[", address, "]:", tcp.port());
}

}  // namespace

HttpConnection::HttpConnection(Socket socket, std::shared_ptr<HttpShared> shared)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      since_(SteadyNow()),
      peer_(PeerOf(socket_)) {}

void HttpConnection::Start() {
  parser_.emplace(peer_);
  Read();
}

void HttpConnection::Close() {
  if (step_ == Step::kClosed) return;
  EndRequest();
  step_ = Step::kClosed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  shared_->connections.erase(shared_from_this());
}

absl::Duration HttpConnection::Patience() const {
  const HttpPatience& patience = shared_->settings.patience;
  switch (step_) {
    case Step::kHeaders:
      return is_first_ || parser_->has_started() ? patience.headers : patience.idle;
    case Step::kBody:
      return patience.Of(patience.body, body_bytes_);
    case Step::kReply:
      return patience.Of(patience.reply, written_);
    case Step::kDiscard:
      return patience.discard;
    default:
      return absl::InfiniteDuration();
  }
}

void HttpConnection::CloseIfLate(absl::Time now) {
  if (now - since_ <= Patience()) return;
  if (step_ == Step::kBody) {
    Reply(JsonError(408, absl::DeadlineExceededError(
                             parser_->request().body_bytes.has_value()
                                 ? absl::StrCat("of a body of ", *parser_->request().body_bytes,
                                                " bytes, ", body_bytes_, " came")
                                 : absl::StrCat("of a body in chunks, ", body_bytes_,
                                                " bytes came, and not its end"))));
  } else if (step_ == Step::kHeaders && parser_->has_started()) {
    Reply({.status = 408, .body = "the headers did not come in time\n"});
  } else {
    Close();
  }
}

void HttpConnection::Enter(Step step) {
  step_ = step;
  since_ = SteadyNow();
}

void HttpConnection::Read() {
  const size_t piece = step_ == Step::kBody ? kBodyPieceBytes : kHeaderPieceBytes;
  const size_t size = input_.size();
  input_.resize(size + piece);
  socket_.async_read_some(
      asio::buffer(input_.data() + size, piece),
      [self = shared_from_this(), size](const boost::system::error_code& error, size_t bytes) {
        // While it read, the connection may have got another step, to which the bytes are nothing.
        self->input_.resize(size + bytes);
        self->OnRead(error);
      });
}

void HttpConnection::OnRead(const boost::system::error_code& error) {
  if (step_ == Step::kBody && error == asio::error::eof) {
    return Reply({.status = 400, .body = "the body is cut short\n"});
  }
  if (error) return Close();
  if (step_ == Step::kHeaders) return Parse();
  if (step_ == Step::kBody) return TakeBody();
}

void HttpConnection::Parse() {
  const bool had_started = parser_->has_started();
  input_.erase(0, parser_->Parse(input_));
  if (parser_->refusal().has_value()) return Reply(*parser_->refusal());
  if (parser_->has_headers()) return BeginRequest();
  if (!is_first_ && !had_started && parser_->has_started()) Enter(Step::kHeaders);
  Read();
}

void HttpConnection::BeginRequest() {
  is_answering_ = true;
  ++shared_->answering;
  const HttpRequest& request = parser_->request();
  keeps_alive_ = parser_->keeps_alive();
  HttpAnswer answer = shared_->router.Answer(request);
  if (auto* response = std::get_if<HttpResponse>(&answer)) return Reply(std::move(*response));
  work_ = std::get<std::unique_ptr<HttpWork>>(std::move(answer));
  if (request.method != "POST") return Answer();
  if (request.body_bytes.has_value()) {
    if (auto refusal = work_->Take(*request.body_bytes)) return Reply(*std::move(refusal));
    parser_->body().reserve(*request.body_bytes);
  }
  Enter(Step::kBody);
  if (parser_->expects_continue() && input_.empty() && !parser_->is_done()) {
    boost::system::error_code ignored;  // who does not get it sends the body all the same, or not
    socket_.write_some(asio::buffer(kContinue.data(), kContinue.size()), ignored);
  }
  TakeBody();
}

void HttpConnection::TakeBody() {
  const size_t before = parser_->body().size();
  input_.erase(0, parser_->Parse(input_));
  const size_t more = parser_->body().size() - before;
  body_bytes_ += more;
  if (parser_->refusal().has_value()) return Reply(*parser_->refusal());
  if (!parser_->request().body_bytes.has_value() && more > 0) {
    if (auto refusal = work_->Take(more)) return Reply(*std::move(refusal));
  }
  if (parser_->is_done()) return Answer();
  if (input_.size() > kMostRestBytes) {
    return Reply(
        {.status = 400, .body = "the extensions of a chunk, or the trailer, are too long\n"});
  }
  Read();
}

void HttpConnection::Answer() {
  Enter(Step::kAnswer);
  HttpDone done = [self = shared_from_this()](std::function<HttpResponse()> make) {
    asio::post(self->Worker(), [self, make = std::move(make)] {
      asio::post(self->shared_->io,
                 [self, response = make()]() mutable { self->Reply(std::move(response)); });
    });
  };
  asio::post(Worker(), [self = shared_from_this(), body = std::move(parser_->body()),
                        done = std::move(done)]() mutable {
    self->work_->Answer(std::move(body), std::move(done));
  });
}

asio::io_context& HttpConnection::Worker() const {
  return body_bytes_ > kLargeBodyBytes ? shared_->large_work : shared_->work;
}

void HttpConnection::Reply(HttpResponse response) {
  work_.reset();
  if (step_ == Step::kClosed) return;
  keeps_alive_ = keeps_alive_ && parser_->is_done() && !shared_->closing;
  if (parser_->has_headers()) shared_->settings.origins.AddHeaders(parser_->request(), &response);
  if (const auto& on_reply = shared_->settings.on_reply; on_reply != nullptr) {
    on_reply(shared_->router.Name(parser_->request().path), response.status);
  }
  head_ = Head(response, keeps_alive_);
  response_ = std::move(response);
  if (parser_->has_headers() && parser_->request().method == "HEAD") response_.body.clear();
  written_ = 0;
  Enter(Step::kReply);
  Write();
}

void HttpConnection::Write() {
  const size_t of_body = written_ - std::min(written_, head_.size());
  const std::array<asio::const_buffer, 2> rest = {
      asio::buffer(head_) + written_,
      asio::buffer(response_.body) + of_body,
  };
  socket_.async_write_some(
      rest, [self = shared_from_this()](const boost::system::error_code& error, size_t bytes) {
        self->OnWritten(error, bytes);
      });
}

void HttpConnection::OnWritten(const boost::system::error_code& error, size_t bytes) {
  if (step_ != Step::kReply) return;
  if (error) return Close();
  written_ += bytes;
  if (written_ < head_.size() + response_.body.size()) return Write();
  EndRequest();
  if (keeps_alive_) return NextRequest();
  Enter(Step::kDiscard);
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  // Closing with bytes unread may take the reply from its reader.
  if (parser_->is_done()) return Close();
  Discard();
}

void HttpConnection::EndRequest() {
  response_ = {};
  head_.clear();
  if (is_answering_) --shared_->answering;
  is_answering_ = false;
}

void HttpConnection::Discard() {
  socket_.async_read_some(
      asio::buffer(shared_->discarded),
      [self = shared_from_this()](const boost::system::error_code& error, size_t) {
        if (self->step_ != Step::kDiscard) return;
        if (error) return self->Close();
        self->Discard();
      });
}

void HttpConnection::NextRequest() {
  is_first_ = false;
  body_bytes_ = 0;
  parser_.emplace(peer_);
  Enter(Step::kHeaders);
  if (!input_.empty()) return Parse();
  input_ = {};  // an idle connection is to hold little
  Read();
}

}  // namespace verdict
