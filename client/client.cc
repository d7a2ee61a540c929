#include "client/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace verdict {
namespace {

std::shared_ptr<grpc::Channel> OpenChannel(const std::string& server) {
  grpc::ChannelArguments arguments;
  // The default sends everything to the first server that a name stands for.
  arguments.SetLoadBalancingPolicyName("round_robin");
  // A classifier is a neighbour: a proxy in the environment is for the outside world.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // The server's limits bound its replies; Tokenize multiplies a text by its tokens.
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

Client::Client(const ClientOptions& options)
    : options_(options), stub_(v1::Classifier::NewStub(OpenChannel(options.server))) {}

template <typename Request, typename Response>
absl::StatusOr<Response> Client::Call(
    grpc::Status (v1::Classifier::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request) const {
  grpc::ClientContext context;
  if (options_.timeout != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + options_.timeout));
  }
  context.set_wait_for_ready(options_.wait_for_ready);
  Response response;
  const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
  if (!status.ok()) return ToAbsl(status);
  return response;
}

absl::StatusOr<v1::ClassifyResponse> Client::Classify(const v1::ClassifyRequest& request) const {
  return Call(&v1::Classifier::Stub::Classify, request);
}

absl::StatusOr<v1::ClassifyBatchResponse> Client::ClassifyBatch(
    const v1::ClassifyBatchRequest& request) const {
  absl::StatusOr<v1::ClassifyBatchResponse> response =
      Call(&v1::Classifier::Stub::ClassifyBatch, request);
  if (response.ok() && response->items_size() != request.inputs_size()) {
    return absl::InternalError(absl::StrCat("the server answered ", request.inputs_size(),
                                            " inputs with ", response->items_size(), " items"));
  }
  return response;
}

absl::StatusOr<v1::TokenizeResponse> Client::Tokenize(const v1::TokenizeRequest& request) const {
  return Call(&v1::Classifier::Stub::Tokenize, request);
}

absl::StatusOr<v1::GetModelResponse> Client::GetModel() const {
  return Call(&v1::Classifier::Stub::GetModel, v1::GetModelRequest());
}

}  // namespace verdict
