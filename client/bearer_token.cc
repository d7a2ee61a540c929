#include "client/bearer_token.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/text_file.h"
#include "latency/steady_clock.h"

namespace verdict {
namespace {

constexpr absl::Duration kReread = absl::Seconds(5);

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile("token_file", path);
  if (!text.ok()) return text.status();
  const absl::string_view token =
      absl::StripAsciiWhitespace(absl::string_view(*text).substr(0, text->find('\n')));
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return absl::ascii_isgraph(c); });
  if (token.empty() || !printable) {
    return absl::InvalidArgumentError(absl::StrCat(
        "token_file ", path, ": expected a token of visible ASCII characters on the first line"));
  }
  return std::string(token);
}

class TokenInterceptor final : public grpc::experimental::Interceptor {
 public:
  explicit TokenInterceptor(TokenFile* file) : file_(file) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace(
          "authorization", absl::StrCat("Bearer ", file_->Token(SteadyNow())));
    }
    methods->Proceed();
  }

 private:
  TokenFile* const file_;
};

class TokenInterceptors final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenInterceptors(std::unique_ptr<TokenFile> file) : file_(std::move(file)) {}

  // gRPC deletes it with the call, and the channel, with this in it, after all its calls.
  grpc::experimental::Interceptor* CreateClientInterceptor(
      grpc::experimental::ClientRpcInfo* /*info*/) override {
    return new TokenInterceptor(file_.get());
  }

 private:
  const std::unique_ptr<TokenFile> file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenFile>> TokenFile::Open(const std::string& path,
                                                           absl::Time now) {
  absl::StatusOr<std::string> token = ReadToken(path);
  if (!token.ok()) return token.status();
  return std::unique_ptr<TokenFile>(new TokenFile(path, *std::move(token), now));
}

std::string TokenFile::Token(absl::Time now) {
  const absl::MutexLock lock(&mutex_);
  // Under the lock: the file is small, and the others would only wait for the same.
  if (now - read_ >= kReread) {
    read_ = now;
    if (absl::StatusOr<std::string> token = ReadToken(path_); token.ok()) {
      token_ = *std::move(token);
    }
  }
  return token_;
}

std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface> ShowToken(
    std::unique_ptr<TokenFile> file) {
  return std::make_unique<TokenInterceptors>(std::move(file));
}

}  // namespace verdict
