// One connection of the HTTP port. Only server.cc includes this: Asio is slow to compile.
#ifndef VERDICT_SERVER_HTTP_CONNECTION_H_
#define VERDICT_SERVER_HTTP_CONNECTION_H_

#include <array>
#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/time/time.h"
#include "server/http/message.h"
#include "server/http/request_parser.h"
#include "server/http/router.h"
#include "server/http/settings.h"

namespace verdict {

class HttpConnection;

// What the connections of one server share. Belongs to the I/O thread, but for the atomic.
struct HttpShared {
  HttpShared(std::vector<HttpRoute> routes, HttpSettings settings_in)
      : router(std::move(routes)), settings(std::move(settings_in)) {}

  const HttpRouter router;
  const HttpSettings settings;
  boost::asio::io_context io{1};
  boost::asio::io_context work{1};
  boost::asio::io_context large_work{1};  // for requests with large bodies
  std::atomic<int> answering = 0;  // requests whose headers have come and whose reply has not gone
  bool closing = false;            // no connection is kept alive any more
  std::unordered_set<std::shared_ptr<HttpConnection>> connections;
  std::array<char, 64 << 10> discarded = {};  // what nobody reads, of any connection
};

// Reads requests, one after the other, has them answered, and writes the replies. Every step has a
// deadline that the server holds it to by calling CloseIfLate now and then: one timer for all.
//
// All methods belong to the I/O thread. It lives while it is open, and while a request of it is
// answered.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  HttpConnection(Socket socket, std::shared_ptr<HttpShared> shared);

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void Start();
  void Close();

  // Closes the connection if its client has taken too long; says 408 first where it has begun a
  // request.
  void CloseIfLate(absl::Time now);

  // Whether it may be closed to make room: not while its request is being answered.
  bool may_be_closed() const { return step_ != Step::kAnswer; }
  // Whether it has a whole request whose reply has not gone.
  bool is_answering() const { return step_ == Step::kAnswer || step_ == Step::kReply; }
  // When its present step began.
  absl::Time since() const { return since_; }

 private:
  enum class Step {
    kHeaders,  // reads the headers of a request, or waits for one
    kBody,     // reads its body
    kAnswer,   // waits for the answer to it
    kReply,    // writes the reply
    kDiscard,  // reads and drops the rest of the body, so that the client reads the reply
    kClosed,
  };

  void Enter(Step step);
  void Read();
  void OnRead(const boost::system::error_code& error);
  void Parse();
  void BeginRequest();
  void TakeBody();
  void Answer();
  void Reply(HttpResponse response);
  void Write();
  void OnWritten(const boost::system::error_code& error, size_t bytes);
  void EndRequest();
  void Discard();
  void NextRequest();
  absl::Duration Patience() const;
  boost::asio::io_context& Worker() const;

  const std::shared_ptr<HttpShared> shared_;
  Socket socket_;
  Step step_ = Step::kHeaders;
  absl::Time since_;
  const std::string peer_;     // HttpRequest::peer
  bool is_first_ = true;       // request of this connection
  bool is_answering_ = false;  // counted in HttpShared::answering
  std::string input_;          // read, and not parsed yet
  std::optional<HttpRequestParser> parser_;
  std::unique_ptr<HttpWork> work_;
  uint64_t body_bytes_ = 0;  // that have come
  std::string head_;         // of the reply
  HttpResponse response_;
  size_t written_ = 0;  // of the head and the body
  bool keeps_alive_ = false;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_CONNECTION_H_
