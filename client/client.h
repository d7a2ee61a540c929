// Calls Verdict servers from C++.
#ifndef VERDICT_CLIENT_CLIENT_H_
#define VERDICT_CLIENT_CLIENT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client_options.h"
#include "client/retry_policy.h"
#include "verdict/v1/classifier.grpc.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// A connection to each of some Verdict servers, made when the first call needs it and again when it
// was lost.
//
//   absl::StatusOr<Client> client = Client::Open({.server = "10.0.0.1:50051,10.0.0.2:50051"});
//   if (!client.ok()) return client.status();
//   v1::ClassifyRequest request;
//   request.mutable_input()->set_text("a gripping film");
//   absl::StatusOr<v1::ClassifyResponse> response = client->Classify(request);
//
// Calls block until the reply is there, or `timeout` (the options', if none is given) has passed.
// What a server that goes away, or is busy, did not answer is tried again within that time; see
// RetryPolicy. So a call fails with
//   the server's own status (classifier.proto); of those that are tried again, the last attempt's;
//   UNAVAILABLE        no server can be reached, or all of them go away;
//   DEADLINE_EXCEEDED  the time has passed.
// A server's own status has details that GetDetail (proto/status_details.h) reads, such as a
// google.rpc.ErrorInfo with the name of its v1::ErrorReason.
//
// All methods may be called from any thread, several at once; they share the connections. Moving
// one is no call: it must not happen during any.
class Client {
 public:
  using Timeout = std::optional<absl::Duration>;

  // Does not wait for a server. Codes and messages are OpenChannel's.
  static absl::StatusOr<Client> Open(const ClientOptions& options = {});

  absl::StatusOr<v1::ClassifyResponse> Classify(const v1::ClassifyRequest& request,
                                                Timeout timeout = std::nullopt) const;

  // Holds one item for each input, in their order, when it is OK.
  absl::StatusOr<v1::ClassifyBatchResponse> ClassifyBatch(const v1::ClassifyBatchRequest& request,
                                                          Timeout timeout = std::nullopt) const;

  absl::StatusOr<v1::TokenizeResponse> Tokenize(const v1::TokenizeRequest& request,
                                                Timeout timeout = std::nullopt) const;

  absl::StatusOr<v1::GetModelResponse> GetModel(Timeout timeout = std::nullopt) const;

  // The connections, for stubs of one's own and to look at their state.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  Client(ClientOptions options, std::shared_ptr<grpc::Channel> channel);

  // Runs one method of the stub until there is an answer.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::Classifier::Stub::*method)(grpc::ClientContext*,
                                                                             const Request&,
                                                                             Response*),
                                const Request& request, Timeout timeout) const;

  ClientOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Classifier::Stub> stub_;
  std::unique_ptr<RetryPolicy> retries_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLIENT_H_
