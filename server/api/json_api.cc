#include "server/api/json_api.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"
#include "server/api/json_text.h"
#include "server/contract/refusal.h"
#include "server/tracing/followed_call.h"
#include "server/tracing/trace_context.h"

namespace verdict {
namespace {

constexpr char kJson[] = "application/json";

// The media type alone: parameters such as `charset=utf-8` say nothing new.
bool IsJson(const HttpRequest& http) {
  const std::string type = http.Header("Content-Type").value_or("");
  const absl::string_view media = absl::string_view(type).substr(0, type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(media), kJson);
}

// As gRPC writes it: at most eight digits and a unit.
absl::StatusOr<absl::Duration> ParseTimeout(const std::string& text) {
  const absl::string_view digits = absl::string_view(text).substr(0, text.size() - 1);
  int64_t count = 0;
  if (!digits.empty() && digits.size() <= 8 && absl::c_all_of(digits, absl::ascii_isdigit) &&
      absl::SimpleAtoi(digits, &count)) {
    switch (text.back()) {
      case 'H':
        return absl::Hours(count);
      case 'M':
        return absl::Minutes(count);
      case 'S':
        return absl::Seconds(count);
      case 'm':
        return absl::Milliseconds(count);
      case 'u':
        return absl::Microseconds(count);
      case 'n':
        return absl::Nanoseconds(count);
      default:
        break;
    }
  }
  return absl::InvalidArgumentError(
      "the header Grpc-Timeout: expected digits and a unit of H, M, S, m, u or n, such as 500m");
}

// The caller's trace, as far as it is right: gRPC ends the process that gives it control
// characters.
void SetTrace(const HttpRequest& http, grpc::ClientContext* context) {
  const auto parent = ParseTraceparent(http.Header(kTraceparent).value_or(""));
  if (!parent.has_value()) return;
  context->AddMetadata(kTraceparent, FormatTraceparent(*parent));
  const std::string state = http.Header(kTracestate).value_or("");
  if (IsTracestate(state) && absl::c_all_of(state, absl::ascii_isprint)) {
    context->AddMetadata(kTracestate, state);
  }
}

// What the call takes over from the request: how long it may last, its trace, who sends it, and its
// token.
absl::Status SetContext(const HttpRequest& http, grpc::ClientContext* context) {
  absl::Duration timeout = JsonApi::kTimeout;
  if (const std::optional<std::string> header = http.Header("Grpc-Timeout")) {
    const absl::StatusOr<absl::Duration> asked = ParseTimeout(*header);
    if (!asked.ok()) return asked.status();
    timeout = std::min(timeout, *asked);
  }
  context->set_deadline(WallTime(SteadyNow() + timeout));
  SetTrace(http, context);
  context->AddMetadata(kHttpPeer, http.peer);
  const std::optional<std::string> authorization = http.Header("Authorization");
  // gRPC ends the process that gives it other characters. No token has them.
  if (authorization.has_value() && absl::c_all_of(*authorization, absl::ascii_isprint)) {
    context->AddMetadata("authorization", *authorization);
  }
  return absl::OkStatus();
}

// Whether somebody may call, and with this token.
absl::Status CheckEntry(const JsonApi::Access& access, const HttpRequest& http) {
  if (!access.entry.ok() || access.tokens == nullptr) return access.entry;
  const std::optional<std::string> header = http.Header("Authorization");
  if (!header.has_value()) return access.tokens->Check(nullptr, SteadyNow()).status();
  const absl::string_view value = *header;
  return access.tokens->Check(&value, SteadyNow()).status();
}

absl::Status OtherOrigin() {
  return absl::PermissionDeniedError("a page of another origin may not call this");
}

// Whether the body of `http`, who may call, is one that we read; else what to answer instead.
std::optional<HttpResponse> CheckBody(const JsonApi::Access& access, const HttpRequest& http) {
  if (!access.origins.MayCall(http)) return JsonError(OtherOrigin());
  // A page of another origin cannot send this type without asking first (origins.h).
  if (!IsJson(http)) {
    return JsonError(
        415, absl::InvalidArgumentError(absl::StrCat("the header Content-Type: expected ", kJson)));
  }
  return std::nullopt;
}

}  // namespace

// One more call than before, for as long as it lasts.
class JsonApi::Place {
 public:
  explicit Place(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), number_(++shared_->calls) {}
  ~Place() { --shared_->calls; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  int number() const { return number_; }

 private:
  const std::shared_ptr<Shared> shared_;
  const int number_;
};

// One call: the body, the call of the service, the reply. The steps come one after the other, on
// different threads.
template <typename Request, typename Response>
class JsonApi::Call final : public HttpWork {
 public:
  using Start = void (v1::Classifier::StubInterface::async_interface::*)(
      grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>);

  Call(std::shared_ptr<Shared> shared, HttpRequest http, Start start, size_t max_body_bytes)
      : shared_(std::move(shared)),
        http_(std::move(http)),
        start_(start),
        max_body_bytes_(max_body_bytes) {}

  std::optional<HttpResponse> Take(uint64_t bytes) override {
    body_bytes_ += bytes;
    if (body_bytes_ > max_body_bytes_) return TooLong();
    // A client that would be refused anyway need not send it all.
    if (shared_->calls >= kMost) return Full();
    if (!has_ticket_) {
      auto ticket = shared_->access.admission->Admit(0, static_cast<int64_t>(bytes));
      if (!ticket.ok()) return JsonError(ticket.status());
      ticket_ = *std::move(ticket);
      has_ticket_ = true;
    } else if (absl::Status more = ticket_.Add(0, static_cast<int64_t>(bytes)); !more.ok()) {
      return JsonError(more);
    }
    return std::nullopt;
  }

  void Answer(std::string body, HttpDone done) override {
    place_ = std::make_shared<Place>(shared_);
    if (place_->number() > kMost) {
      place_.reset();
      return done([response = Full()] { return response; });
    }
    absl::Status status = absl::OkStatus();
    if constexpr (!std::is_same_v<Request, v1::GetModelRequest>) status = ReadJson(body, &request_);
    ticket_ = {};
    if (status.ok()) status = SetContext(http_, &context_);
    if (!status.ok()) return done([status] { return JsonError(status); });
    (shared_->stub->async()->*start_)(&context_, &request_, &response_,
                                      [this, done = std::move(done)](const grpc::Status& ended) {
                                        done([this, ended] { return TracedReply(ended); });
                                      });
  }

 private:
  HttpResponse TooLong() const {
    const bool is_batch = std::is_same_v<Request, v1::ClassifyBatchRequest>;
    return JsonError(
        413, absl::InvalidArgumentError(absl::StrCat(
                 "the body has ", http_.body_bytes.has_value() ? "" : "more than ",
                 std::min<uint64_t>(body_bytes_, http_.body_bytes.value_or(max_body_bytes_)),
                 " bytes; ", is_batch ? "a batch may have " : "--max-text-bytes allows ",
                 max_body_bytes_, " of JSON", is_batch ? ": split it into several" : "")));
  }

  // The HTTP port is full. A place is free again in some milliseconds; HTTP counts in seconds.
  HttpResponse Full() const {
    shared_->access.metrics->CountShed(ShedReason::kInFlight, 1);
    return JsonError(Refused(absl::StatusCode::kResourceExhausted,
                             {.reason = ShedReason::kInFlight, .retry_delay = absl::Seconds(1)},
                             absl::StrCat("too much is in flight: the HTTP port takes ", kMost,
                                          " calls at a time; try again, or call over gRPC")));
  }

  HttpResponse TracedReply(const grpc::Status& status) {
    HttpResponse reply = Reply(status);
    const auto& trailers = context_.GetServerTrailingMetadata();
    if (const auto trace = trailers.find(kTraceparent); trace != trailers.end()) {
      reply.headers.emplace_back(kTraceparent,
                                 std::string(trace->second.data(), trace->second.size()));
    }
    return reply;
  }

  HttpResponse Reply(const grpc::Status& status) {
    if (!status.ok()) return JsonError(ToAbslStatus(status));
    absl::StatusOr<std::string> json = WriteJson(response_);
    if (!json.ok()) return JsonError(json.status());
    *json += '\n';
    HttpResponse reply = {.content_type = kJson, .body = *std::move(json)};
    // It is many times its request, and its reader may be slow.
    reply.held = std::move(place_);
    return reply;
  }

  const std::shared_ptr<Shared> shared_;
  const HttpRequest http_;
  const Start start_;
  const size_t max_body_bytes_;
  uint64_t body_bytes_ = 0;
  bool has_ticket_ = false;
  Admission::Ticket ticket_;
  std::shared_ptr<Place> place_;
  grpc::ClientContext context_;
  Request request_;
  Response response_;
};

JsonApi::JsonApi(Access access) : shared_(std::make_shared<Shared>()) {
  shared_->access = std::move(access);
  shared_->stub = v1::Classifier::NewStub(shared_->access.channel);
}

absl::Status JsonApi::CheckCaller(const HttpRequest& http) const {
  if (absl::Status status = CheckEntry(shared_->access, http); !status.ok()) return status;
  return shared_->access.origins.MayCall(http) ? absl::OkStatus() : OtherOrigin();
}

template <typename Request, typename Response>
HttpMethod JsonApi::MethodOf(typename Call<Request, Response>::Start start,
                             size_t max_body_bytes) const {
  return [shared = shared_, start, max_body_bytes](const HttpRequest& http) -> HttpAnswer {
    if (absl::Status status = CheckEntry(shared->access, http); !status.ok()) {
      return JsonError(status);
    }
    if constexpr (!std::is_same_v<Request, v1::GetModelRequest>) {
      if (std::optional<HttpResponse> refusal = CheckBody(shared->access, http))
        return *std::move(refusal);
    }
    return std::make_unique<Call<Request, Response>>(shared, http, start, max_body_bytes);
  };
}

std::vector<HttpRoute> JsonApi::Routes() {
  using Async = v1::Classifier::StubInterface::async_interface;
  const size_t text_bytes = MaxBodyBytes(shared_->access.max_text_bytes);
  return {
      {.path = "/v1/classify",
       .get = nullptr,
       .post = MethodOf<v1::ClassifyRequest, v1::ClassifyResponse>(&Async::Classify, text_bytes)},
      {.path = "/v1/classify:batch",
       .get = nullptr,
       .post = MethodOf<v1::ClassifyBatchRequest, v1::ClassifyBatchResponse>(
           &Async::ClassifyBatch, std::max(kMostBatchBytes, text_bytes))},
      {.path = "/v1/tokenize",
       .get = nullptr,
       .post = MethodOf<v1::TokenizeRequest, v1::TokenizeResponse>(&Async::Tokenize, text_bytes)},
      {.path = "/v1/model",
       .get = MethodOf<v1::GetModelRequest, v1::GetModelResponse>(&Async::GetModel)},
  };
}

}  // namespace verdict
