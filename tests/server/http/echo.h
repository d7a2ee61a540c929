// A route whose answers show what it was given.
#ifndef VERDICT_TESTS_SERVER_HTTP_ECHO_H_
#define VERDICT_TESTS_SERVER_HTTP_ECHO_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/http/message.h"

namespace verdict {

// Answers with what it was sent: the header X-Name, whom the request was for, and the body, which
// may have kMostBytes.
class Echo final : public HttpWork {
 public:
  static constexpr uint64_t kMostBytes = 4'000'000;

  explicit Echo(const HttpRequest& request)
      : name_(request.Header("x-name").value_or("none")), authority_(request.authority) {}

  std::optional<HttpResponse> Take(uint64_t bytes) override {
    taken_ += bytes;
    if (taken_ <= kMostBytes) return std::nullopt;
    return HttpResponse{.status = 413, .body = "too large\n"};
  }

  void Answer(std::string body, HttpDone done) override {
    done([response = HttpResponse{.body = absl::StrCat(name_, "@", authority_, ":", body),
                                  .headers = {{"X-More", "yes"}}}] { return response; });
  }

  static HttpRoute Route() {
    return {.path = "/echo", .get = nullptr, .post = [](const HttpRequest& request) -> HttpAnswer {
              return std::make_unique<Echo>(request);
            }};
  }

 private:
  const std::string name_;
  const std::string authority_;
  uint64_t taken_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_HTTP_ECHO_H_
