// What each way to write a request gets. Where two servers in a row could read a request in two
// ways, it is refused.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/request_parser.h"
#include "server/http/server.h"
#include "tests/server/fixtures/http_get.h"
#include "tests/server/http/echo.h"

namespace verdict {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Framing {
  std::string bytes;
  int status;
  std::string body = "";  // the end of the answer
};

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: a\r\n";
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kHost = " HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kZero("\0", 1);

std::vector<Framing> Taken() {
  return {
      {"GET /up" + kHost, 200, "up"},
      {"GET /up?verbose=1" + kHost, 200, "up"},
      {"\r\n\r\nGET /up" + kHost, 200, "up"},
      {"GET /up HTTP/1.0\r\n\r\n", 200, "up"},
      {"HEAD /up" + kHost, 200, "\r\n\r\n"},
      {"OPTIONS *" + kHost, 204},
      {"OPTIONS /up" + kHost, 204},
      {"GET http://b:1/up HTTP/1.1\r\nHost: a\r\n\r\n", 200, "up"},
      {"GET HTTPS://b/up?x HTTP/1.1\r\nHost: a\r\n\r\n", 200, "up"},
      {"GET /up HTTP/1.1\r\nHost:\r\n\r\n", 200, "up"},
      {kPost + "Content-Length: 3\r\n\r\nabc", 200, "none@a:abc"},
      {kPost + "content-length:   3  \r\n\r\nabc", 200, "none@a:abc"},
      {kPost + "\r\n", 200, "none@a:"},
      {kPost + "Content-Length: 0\r\n\r\n", 200, "none@a:"},
      {"POST /echo HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 200, "none@:abc"},
      {"POST http://b:1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 200, "none@b:1:x"},
      {kChunked + "3\r\nabc\r\n0\r\n\r\n", 200, "none@a:abc"},
      {kChunked + "1\r\na\r\n2\r\nbc\r\n000\r\n\r\n", 200, "none@a:abc"},
      {kChunked + "A\r\n0123456789\r\n0\r\n\r\n", 200, "none@a:0123456789"},
      {kChunked + "3;name=value;b=\"c;d\"\r\nabc\r\n0;last\r\n\r\n", 200, "none@a:abc"},
      {kChunked + "3\r\nabc\r\n0\r\nX-Name: trailer\r\nY: z\r\n\r\n", 200, "none@a:abc"},
      {kChunked + "0\r\n\r\n", 200, "none@a:"},
      {kPost + "Transfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n1\r\na\r\n0\r\n\r\n", 200,
       "none@a:a"},
      // Two requests, one after the other.
      {kPost + "Content-Length: 1\r\n\r\nx" + kPost + "Content-Length: 1\r\n\r\ny", 200,
       "none@a:y"},
  };
}

std::vector<Framing> Refused() {
  return {
      // Two lengths, or none that is a number.
      {kPost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {kPost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {kPost + "Content-Length: 3, 3\r\n\r\nabc", 400},
      {kPost + "Content-Length: 30abc\r\n\r\nabc", 400},
      {kPost + "Content-Length: +3\r\n\r\nabc", 400},
      {kPost + "Content-Length: -3\r\n\r\nabc", 400},
      {kPost + "Content-Length: 0x3\r\n\r\nabc", 400},
      {kPost + "Content-Length: 3.0\r\n\r\nabc", 400},
      {kPost + "Content-Length:\r\n\r\nabc", 400},
      {kPost + "Content-Length: 99999999999999999999\r\n\r\nabc", 400},
      {kPost + "Content-Length: 18446744073709551615\r\n\r\nabc", 413},
      // A length and chunks, in either order; chunks of HTTP/1.0; other encodings.
      {kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501},
      {kPost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
      {kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501},
      {kPost + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 501},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      // Names that some servers tidy up.
      {kPost + "Content-Length : 3\r\n\r\nabc", 400},
      {kPost + " Content-Length: 3\r\n\r\nabc", 400},
      {kPost + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400},
      {kPost + "Content" + kZero + "Length: 3\r\n\r\nabc", 400},
      // Line ends.
      {"GET /up HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
      {"GET /up HTTP/1.1\r\nHost: a\r\nX:\r\n\tb\r\n\r\n", 400},
      {"GET /up HTTP/1.1\nHost: a\n\n", 505},
      {"GET /up HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
      {"GET /up HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
      {"GET /up HTTP/1.1\r\nHost: a\r\nX: b" + kZero + "\r\n\r\n", 400},
      // Chunks.
      {kChunked + "3\nabc\n0\n\n", 400},  // once nothing more can come
      {kChunked + "3\nabc\r\n0\r\n\r\n", 400},
      {kChunked + "3\r\nabcd\r\n0\r\n\r\n", 400},
      {kChunked + "x\r\nabc\r\n0\r\n\r\n", 400},
      {kChunked + "-1\r\nabc\r\n0\r\n\r\n", 400},
      {kChunked + "0x3\r\nabc\r\n0\r\n\r\n", 400},
      {kChunked + " 3\r\nabc\r\n0\r\n\r\n", 400},
      {kChunked + "3 x\r\nabc\r\n0\r\n\r\n", 400},
      {kChunked + "\r\n", 400},
      {kChunked + "11111111111111111\r\nabc\r\n0\r\n\r\n", 400},
      {kChunked + "0\r\nContent-Length: 3\r\n\r\n", 400},
      {kChunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {kChunked + "3;" + std::string(60'000, 'x'), 400},
      {kChunked + "ffffff\r\n" + std::string(0xffffff, 'x') + "\r\n0\r\n\r\n", 413},
      // Hosts.
      {"GET /up HTTP/1.1\r\n\r\n", 400},
      {"GET /up HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET /up HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      // Request lines.
      {"GET  /up" + kHost, 400},
      {"GET /up  HTTP/1.1\r\nHost: a\r\n\r\n", 505},
      {" GET /up" + kHost, 400},
      {"GET /up\r\n\r\n", 400},
      {"GET /up HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET /up HTTP/0.9\r\nHost: a\r\n\r\n", 505},
      {"GET /up http/1.1\r\nHost: a\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {std::string("\x16\x03\x01\x02", 4), 400},
      {"GET /up" + kZero + kHost, 400},
      // Too long.
      {"GET /" + std::string(17'000, 'x') + kHost, 431},
      {"GET /up HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n", 431},
  };
}

// Clear requests for what there is not. The connection stays open.
std::vector<Framing> Unknown() {
  return {
      // Paths that some servers tidy up.
      {"GET /up%00" + kHost, 400},
      {"GET /x/../up" + kHost, 400},
      {"GET /./up" + kHost, 400},
      {"GET //up" + kHost, 400},
      {"GET /%2e%2e/up" + kHost, 400},
      {"GET /x/%2E./up" + kHost, 400},
      {"GET /x%2f..%2fup" + kHost, 400},
      {"GET /x\\..\\up" + kHost, 400},
      {"GET /u%70" + kHost, 404},
      {"GET /up/" + kHost, 404},
      {"GET /UP" + kHost, 404},
      {"GET http://b" + kHost, 404},
      {"GET up" + kHost, 400},
      {"GET *" + kHost, 400},
      {"CONNECT a:1" + kHost, 400},
      // Methods.
      {"PUT /up" + kHost, 405},
      {"TRACE /up" + kHost, 405},
      {"get /up" + kHost, 405},
      {"GET /echo" + kHost, 405},
  };
}

std::string Shown(const Framing& framing) { return framing.bytes.substr(0, 200); }

class FramingTest : public ::testing::Test {
 protected:
  FramingTest()
      : server_(*HttpServer::Start(
            {"127.0.0.1:0"},
            {{"/up", [](const HttpRequest&) { return HttpResponse{.body = "up"}; }},
             Echo::Route()})) {}

  const std::unique_ptr<HttpServer> server_;
};

TEST_F(FramingTest, ValidFramingIsTaken) {
  for (const Framing& framing : Taken()) {
    const std::string answer = HttpExchange(server_->port(), framing.bytes);
    EXPECT_THAT(answer, HasSubstr(absl::StrCat("HTTP/1.1 ", framing.status, " ")))
        << Shown(framing);
    EXPECT_THAT(answer, EndsWith(framing.body)) << Shown(framing);
  }
}

TEST_F(FramingTest, AmbiguousFramingIsRefused) {
  for (const Framing& framing : Refused()) {
    EXPECT_THAT(HttpExchange(server_->port(), framing.bytes),
                StartsWith(absl::StrCat("HTTP/1.1 ", framing.status, " ")))
        << Shown(framing);
  }
}

TEST_F(FramingTest, ABodyThatEndsEarlyIsRefused) {
  for (const std::string& bytes :
       {kChunked + "3\r\nabc\r\n", kChunked + "3\r\nab", kPost + "Content-Length: 3\r\n\r\nab"}) {
    EXPECT_THAT(HttpExchange(server_->port(), bytes), StartsWith("HTTP/1.1 400 ")) << bytes;
  }
}

TEST_F(FramingTest, APathIsWrittenInOneWay) {
  for (const Framing& framing : Unknown()) {
    EXPECT_THAT(HttpExchange(server_->port(), framing.bytes),
                StartsWith(absl::StrCat("HTTP/1.1 ", framing.status, " ")))
        << Shown(framing);
  }
}

// Nothing of what was refused is taken for the next request.
TEST_F(FramingTest, ARefusalIsTheLastAnswerOfItsConnection) {
  for (const Framing& framing : Refused()) {
    const std::string answer =
        HttpExchange(server_->port(), absl::StrCat(framing.bytes, "GET /up", kHost));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n")) << Shown(framing);
    EXPECT_FALSE(absl::EndsWith(answer, "\r\n\r\nup")) << Shown(framing);
  }
}

// A parser that gets `bytes` in pieces of `size`.
std::unique_ptr<HttpRequestParser> Parse(const std::string& bytes, size_t size) {
  auto parser = std::make_unique<HttpRequestParser>();
  std::string rest;
  for (size_t i = 0; i < bytes.size() && !parser->is_done() && !parser->refusal(); i += size) {
    rest += bytes.substr(i, size);
    bool had_headers;
    do {  // it stops behind the headers
      had_headers = parser->has_headers();
      rest.erase(0, parser->Parse(rest));
    } while (!had_headers && parser->has_headers() && !parser->refusal());
  }
  return parser;
}

TEST(HttpRequestParserTest, TheWayBytesAreSplitChangesNothing) {
  for (const Framing& framing : Taken()) {
    const auto whole = Parse(framing.bytes, framing.bytes.size());
    ASSERT_TRUE(whole->is_done()) << Shown(framing);
    for (const size_t size : {1, 2, 3, 7}) {
      const auto parser = Parse(framing.bytes, size);
      ASSERT_TRUE(parser->is_done()) << size << ": " << Shown(framing);
      EXPECT_EQ(parser->body(), whole->body()) << Shown(framing);
      EXPECT_EQ(parser->request().path, whole->request().path) << Shown(framing);
      EXPECT_EQ(parser->request().headers, whole->request().headers) << Shown(framing);
    }
  }
}

TEST(HttpRequestParserTest, TakesNothingOfTheNextRequest) {
  HttpRequestParser parser;
  const std::string first = "GET /up" + kHost;
  EXPECT_EQ(parser.Parse(first + "GET"), first.size());
  EXPECT_TRUE(parser.is_done());
}

TEST(HttpRequestParserTest, HeadersOfOneNameAreOneList) {
  const auto parser = Parse("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\n\r\n", 100);
  EXPECT_EQ(parser->request().Header("X"), "1, 2");
  EXPECT_EQ(parser->request().Header("y"), std::nullopt);
}

}  // namespace
}  // namespace verdict
