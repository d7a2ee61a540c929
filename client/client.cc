#include "client/client.h"

#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/channel.h"
#include "client/error.h"
#include "latency/steady_clock.h"
#include "proto/status_details.h"

namespace verdict {
namespace {

// From [0, 1).
double Random() {
  thread_local std::minstd_rand generator(std::random_device{}());
  return std::uniform_real_distribution<double>()(generator);
}

}  // namespace

absl::StatusOr<Client> Client::Open(const ClientOptions& options) {
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = OpenChannel(options);
  if (!channel.ok()) return channel.status();
  return Client(options, *channel);
}

Client::Client(ClientOptions options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      stub_(v1::Classifier::NewStub(channel_)),
      retries_(std::make_unique<RetryPolicy>(options_.attempts)) {}

template <typename Request, typename Response>
absl::StatusOr<Response> Client::Call(
    grpc::Status (v1::Classifier::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request, Timeout timeout) const {
  const absl::Time deadline = SteadyNow() + timeout.value_or(options_.timeout);
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    if (deadline != absl::InfiniteFuture()) context.set_deadline(WallTime(deadline));
    context.set_wait_for_ready(options_.wait_for_ready);
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (status.ok()) {
      retries_->AfterSuccess();
      return response;
    }
    const absl::Status failure = ToAbslStatus(status);
    const std::optional<absl::Duration> pause =
        retries_->AfterFailure({.number = attempt,
                                .code = failure.code(),
                                .pushback_ms = PushbackMs(context),
                                .remaining = deadline - SteadyNow()},
                               Random());
    if (!pause.has_value()) return failure;
    absl::SleepFor(*pause);
  }
}

absl::StatusOr<v1::ClassifyResponse> Client::Classify(const v1::ClassifyRequest& request,
                                                      Timeout timeout) const {
  return Call(&v1::Classifier::Stub::Classify, request, timeout);
}

absl::StatusOr<v1::ClassifyBatchResponse> Client::ClassifyBatch(
    const v1::ClassifyBatchRequest& request, Timeout timeout) const {
  absl::StatusOr<v1::ClassifyBatchResponse> response =
      Call(&v1::Classifier::Stub::ClassifyBatch, request, timeout);
  if (response.ok() && response->items_size() != request.inputs_size()) {
    return absl::InternalError(absl::StrCat("the server answered ", request.inputs_size(),
                                            " inputs with ", response->items_size(), " items"));
  }
  return response;
}

absl::StatusOr<v1::TokenizeResponse> Client::Tokenize(const v1::TokenizeRequest& request,
                                                      Timeout timeout) const {
  return Call(&v1::Classifier::Stub::Tokenize, request, timeout);
}

absl::StatusOr<v1::GetModelResponse> Client::GetModel(Timeout timeout) const {
  return Call(&v1::Classifier::Stub::GetModel, v1::GetModelRequest(), timeout);
}

}  // namespace verdict
