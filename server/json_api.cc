#include "server/json_api.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"
#include "server/refusal.h"

namespace verdict {
namespace {

constexpr char kJson[] = "application/json";

// One more call than before, for as long as it lasts.
class Place {
 public:
  explicit Place(std::atomic<int>* calls) : calls_(calls), number_(++*calls) {}
  ~Place() { --*calls_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  int number() const { return number_; }

 private:
  std::atomic<int>* const calls_;
  const int number_;
};

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

// What the call takes over from the request: how long it may last, and its token.
absl::Status SetContext(const HttpRequest& http, grpc::ClientContext* context) {
  absl::Duration timeout = JsonApi::kTimeout;
  if (const std::optional<std::string> header = http.Header("Grpc-Timeout")) {
    const absl::StatusOr<absl::Duration> asked = ParseTimeout(*header);
    if (!asked.ok()) return asked.status();
    timeout = std::min(timeout, *asked);
  }
  context->set_deadline(WallTime(SteadyNow() + timeout));
  const std::optional<std::string> authorization = http.Header("Authorization");
  // gRPC ends the process that gives it other characters. No token has them.
  if (authorization.has_value() && absl::c_all_of(*authorization, absl::ascii_isprint)) {
    context->AddMetadata("authorization", *authorization);
  }
  return absl::OkStatus();
}

// The HTTP port is full. A place is free again in some milliseconds; HTTP counts in seconds.
absl::Status TooManyCalls() {
  return Refused(absl::StatusCode::kResourceExhausted,
                 {.reason = ShedReason::kInFlight, .retry_delay = absl::Seconds(1)},
                 absl::StrCat("too much is in flight: the HTTP port takes ", JsonApi::kMost,
                              " calls at a time; try again, or call over gRPC"));
}

HttpResponse Succeeded(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  // A script that reads `.score` wants 0, not nothing.
  options.always_print_primitive_fields = true;
  HttpResponse response = {.content_type = kJson, .body = ""};
  if (!google::protobuf::util::MessageToJsonString(message, &response.body, options).ok()) {
    return JsonError(absl::InternalError("the reply could not be written as JSON"));
  }
  response.body += '\n';
  return response;
}

}  // namespace

bool IsCrossOrigin(const HttpRequest& request) {
  if (const std::optional<std::string> site = request.Header("Sec-Fetch-Site")) {
    return *site != "same-origin" && *site != "none";
  }
  const std::optional<std::string> origin = request.Header("Origin");
  if (!origin.has_value()) return false;
  const std::vector<std::string> parts = absl::StrSplit(*origin, absl::MaxSplits("://", 1));
  return parts.size() != 2 ||
         !absl::EqualsIgnoreCase(parts[1], request.Header("Host").value_or(""));
}

JsonApi::JsonApi(Access access)
    : access_(std::move(access)), stub_(v1::Classifier::NewStub(access_.channel)) {}

std::vector<HttpRoute> JsonApi::Routes() {
  return {
      {.path = "/v1/classify",
       .get = nullptr,
       .post = [this](HttpRequest& http) { return Call(http, &Stub::Classify); }},
      {.path = "/v1/tokenize",
       .get = nullptr,
       .post = [this](HttpRequest& http) { return Call(http, &Stub::Tokenize); }},
      {.path = "/v1/model",
       .get = [this](HttpRequest& http) { return Call(http, &Stub::GetModel); }},
  };
}

template <typename Request, typename Response>
HttpResponse JsonApi::Call(HttpRequest& http, Method<Request, Response> method) {
  if (absl::Status status = CheckEntry(http); !status.ok()) return JsonError(status);
  auto place = std::make_shared<Place>(&calls_);
  if (place->number() > kMost) {
    access_.metrics->CountShed(ShedReason::kInFlight, 1);
    return JsonError(TooManyCalls());
  }
  Request request;
  if constexpr (!std::is_same_v<Request, v1::GetModelRequest>) {
    if (std::optional<HttpResponse> refusal = Read(http, &request)) return *std::move(refusal);
  }
  grpc::ClientContext context;
  if (absl::Status status = SetContext(http, &context); !status.ok()) return JsonError(status);
  Response response;
  const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
  if (!status.ok()) return JsonError(ToAbslStatus(status));
  HttpResponse reply = Succeeded(response);
  // It is many times its request, and its reader may be slow.
  reply.held = std::move(place);
  return reply;
}

absl::Status JsonApi::CheckEntry(const HttpRequest& http) const {
  if (!access_.entry.ok() || access_.tokens == nullptr) return access_.entry;
  const std::optional<std::string> header = http.Header("Authorization");
  if (!header.has_value()) return access_.tokens->Check(nullptr, SteadyNow());
  const absl::string_view value = *header;
  return access_.tokens->Check(&value, SteadyNow());
}

std::optional<HttpResponse> JsonApi::Read(HttpRequest& http,
                                          google::protobuf::Message* message) const {
  if (IsCrossOrigin(http)) {
    return JsonError(absl::PermissionDeniedError("a page of another origin may not call this"));
  }
  // A page of another origin cannot send this type without asking first, and nobody says yes.
  if (!IsJson(http)) {
    return JsonError(
        415, absl::InvalidArgumentError(absl::StrCat("the header Content-Type: expected ", kJson)));
  }
  const absl::StatusOr<size_t> bytes = http.BodyBytes();
  if (!bytes.ok()) return JsonError(411, bytes.status());
  if (*bytes > access_.max_body_bytes) {
    return JsonError(413, absl::InvalidArgumentError(absl::StrCat(
                              "the body has ", *bytes, " bytes; --max-text-bytes allows ",
                              access_.max_body_bytes, " of JSON")));
  }
  // Until it is parsed; then the call has a ticket of its own.
  const auto ticket = access_.admission->Admit(0, static_cast<int64_t>(*bytes));
  if (!ticket.ok()) return JsonError(ticket.status());
  const absl::StatusOr<std::string> body = http.ReadBody(*bytes);
  if (!body.ok()) return JsonError(408, body.status());
  const auto parsed = google::protobuf::util::JsonStringToMessage(*body, message);
  if (parsed.ok()) return std::nullopt;
  // The first line says what is wrong; others would repeat the text.
  const std::string reason(parsed.message().data(), parsed.message().size());
  return JsonError(absl::InvalidArgumentError(absl::StrCat("the body is not the JSON of a ",
                                                           message->GetTypeName(), ": ",
                                                           reason.substr(0, reason.find('\n')))));
}

}  // namespace verdict
