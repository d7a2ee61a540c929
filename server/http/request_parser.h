// Parses the bytes of a connection into a request.
#ifndef VERDICT_SERVER_HTTP_REQUEST_PARSER_H_
#define VERDICT_SERVER_HTTP_REQUEST_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/http/message.h"

namespace verdict {

// Parses one request of HTTP/1.0 or 1.1, strictly: what a proxy in front could take for another
// request is refused. That is a Content-Length beside a Transfer-Encoding, two of either, a length
// that is not digits alone, lines that end in LF alone, a header of several lines, an encoding
// other than `chunked`.
//
// Knows neither sockets nor time. Belongs to one thread.
class HttpRequestParser {
 public:
  // Of the request line, and of all headers.
  static constexpr size_t kMostHeaderBytes = 16 << 10;

  // `peer` is who sends the request: HttpRequest::peer.
  explicit HttpRequestParser(std::string peer = "");
  ~HttpRequestParser();

  HttpRequestParser(const HttpRequestParser&) = delete;
  HttpRequestParser& operator=(const HttpRequestParser&) = delete;

  // Takes from the front of `bytes` what it can, and returns how much that is: never more than
  // belongs to this request, and nothing of the body before the headers are looked at. What it
  // leaves has to come again, with more behind it.
  size_t Parse(absl::string_view bytes);

  // The response with which the request is refused; nullopt: nothing is wrong so far.
  const std::optional<HttpResponse>& refusal() const { return refusal_; }

  bool has_started() const { return started_; }
  bool has_headers() const;
  bool is_done() const;

  // REQUIRES: has_headers().
  const HttpRequest& request() const { return request_; }
  bool keeps_alive() const;
  bool expects_continue() const;

  // The body as far as it has come, to be taken from there.
  std::string& body() { return body_; }

 private:
  class Impl;

  HttpRequest request_;
  std::string body_;
  bool started_ = false;
  std::optional<HttpResponse> refusal_;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_REQUEST_PARSER_H_
