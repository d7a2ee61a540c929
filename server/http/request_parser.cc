#include "server/http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>
#include <limits>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

absl::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

HttpResponse Refusal(int status, absl::string_view why) {
  return {.status = status, .body = absl::StrCat(why, "\n")};
}

HttpResponse RefusalOf(const beast::error_code& error) {
  if (error == http::error::header_limit) {
    return Refusal(431, absl::StrCat("the headers are longer than ",
                                     HttpRequestParser::kMostHeaderBytes, " bytes"));
  }
  if (error == http::error::bad_version) {
    return Refusal(505, "the HTTP version has to be 1.0 or 1.1");
  }
  return Refusal(400, absl::StrCat("not a request of HTTP/1.1: ", error.message()));
}

// "http://host:8080/path?query" is for host:8080, and asks for "/path".
void SetTarget(absl::string_view target, HttpRequest* request) {
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = target.find_first_of("/?#");
    request->authority = std::string(target.substr(0, end));
    target = end == absl::string_view::npos ? "/" : target.substr(end);
    break;
  }
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  const absl::string_view path = target.substr(0, question);
  request->path = path.empty() ? "/" : std::string(path);
  if (question != absl::string_view::npos)
    request->query = std::string(target.substr(question + 1));
}

// Whether a header goes on in a line that begins with a space. Beast joins the lines; others take
// the second one for a header of its own.
bool HasFoldedHeader(absl::string_view bytes) {
  const absl::string_view headers = bytes.substr(0, bytes.find("\r\n\r\n"));
  return absl::StrContains(headers, "\r\n ") || absl::StrContains(headers, "\r\n\t");
}

}  // namespace

// Beast tells what it finds as it goes; a function that sets an error ends the parsing.
class HttpRequestParser::Impl final : public http::basic_parser<true> {
 public:
  explicit Impl(HttpRequestParser* parser) : parser_(parser) {
    header_limit(kMostHeaderBytes);
    body_limit(std::numeric_limits<uint64_t>::max());  // for the route to say
    eager(false);                                      // the headers first
  }

  int version() const { return version_; }
  const std::optional<HttpResponse>& refusal() const { return refusal_; }

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, beast::error_code&) override {
    version_ = version;
    parser_->request_.method = std::string(View(method));
    SetTarget(View(target), &parser_->request_);
  }

  void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (is_header_done()) return;  // a trailer: nobody here asks for one
    CheckFraming(View(name), View(value), error);
    parser_->request_.headers.emplace_back(View(name), View(value));
  }

  void on_header_impl(beast::error_code& error) override {
    HttpRequest& request = parser_->request_;
    if (version_ >= 11 && hosts_ != 1) return Refuse("expected one header Host", error);
    if (hosts_ > 1) return Refuse("Host comes more than once", error);
    if (chunked() && version_ < 11) return Refuse("HTTP/1.0 has no Transfer-Encoding", error);
    if (request.authority.empty()) request.authority = request.Header("Host").value_or("");
    if (chunked()) {
      request.body_bytes = std::nullopt;
    } else {
      request.body_bytes = content_length().value_or(0);
    }
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}

  std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
    parser_->body_.append(body.data(), body.size());
    return body.size();
  }

  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                 beast::error_code& error) override {
    return on_body_impl(body, error);
  }

  void on_finish_impl(beast::error_code&) override {}

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  // Beast takes a length twice if both are equal, and overlooks an encoding that it does not know.
  void CheckFraming(absl::string_view name, absl::string_view value, beast::error_code& error) {
    if (absl::EqualsIgnoreCase(name, "Host")) ++hosts_;
    if (absl::EqualsIgnoreCase(name, "Content-Length")) {
      if (++lengths_ > 1) return Refuse("Content-Length comes more than once", error);
      if (value.empty() || !absl::c_all_of(value, absl::ascii_isdigit)) {
        return Refuse("Content-Length is not a number", error);
      }
    }
    if (absl::EqualsIgnoreCase(name, "Transfer-Encoding") &&
        !absl::EqualsIgnoreCase(value, "chunked")) {
      refusal_ = Refusal(501, "of transfer encodings only chunked is known");
      error = http::error::bad_transfer_encoding;
    }
  }

  void Refuse(absl::string_view why, beast::error_code& error) {
    refusal_ = Refusal(400, why);
    error = http::error::bad_value;
  }

  HttpRequestParser* const parser_;
  int version_ = 11;
  int hosts_ = 0;
  int lengths_ = 0;
  std::optional<HttpResponse> refusal_;
};

HttpRequestParser::HttpRequestParser(std::string peer) : impl_(std::make_unique<Impl>(this)) {
  request_.peer = std::move(peer);
}

HttpRequestParser::~HttpRequestParser() = default;

size_t HttpRequestParser::Parse(absl::string_view bytes) {
  size_t taken = 0;
  // Empty lines before a request are nobody's (RFC 9112, 2.2).
  while (!started_ && absl::StartsWith(bytes.substr(taken), "\r\n")) taken += 2;
  const bool had_headers = has_headers();
  if (!had_headers && HasFoldedHeader(bytes)) {
    refusal_ = Refusal(400, "a header has to be one line");
  }
  beast::error_code error;
  while (taken < bytes.size() && !is_done() && !refusal_.has_value()) {
    if (!started_ && bytes.substr(taken) == "\r") break;
    started_ = true;
    const size_t more = impl_->put({bytes.data() + taken, bytes.size() - taken}, error);
    taken += more;
    if (error == http::error::need_more) break;
    if (error) refusal_ = impl_->refusal().has_value() ? impl_->refusal() : RefusalOf(error);
    if (has_headers() && !had_headers) break;
  }
  return taken;
}

bool HttpRequestParser::has_headers() const { return impl_->is_header_done(); }

bool HttpRequestParser::is_done() const { return impl_->is_done(); }

bool HttpRequestParser::keeps_alive() const { return impl_->keep_alive(); }

bool HttpRequestParser::expects_continue() const {
  return impl_->version() >= 11 &&
         absl::EqualsIgnoreCase(request_.Header("Expect").value_or(""), "100-continue");
}

}  // namespace verdict
