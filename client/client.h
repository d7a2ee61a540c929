// Calls a Verdict server from C++.
#ifndef VERDICT_CLIENT_CLIENT_H_
#define VERDICT_CLIENT_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "verdict/v1/classifier.grpc.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

struct ClientOptions {
  // HOST:PORT, or any other name that gRPC resolves. If it stands for several servers, the calls go
  // round them.
  std::string server = "127.0.0.1:50051";

  // The deadline of each call. The server drops what it cannot finish in time, so a call without
  // one could wait behind work that nobody wants any more. InfiniteDuration turns it off.
  absl::Duration timeout = absl::Seconds(10);

  // Whether a call waits, up to its deadline, for a server that is not there yet. Otherwise it
  // fails at once with UNAVAILABLE.
  bool wait_for_ready = false;
};

// A connection to a Verdict server, made when the first call needs it and again when it was lost.
//
//   Client client({.server = "verdict.internal:50051"});
//   v1::ClassifyRequest request;
//   request.mutable_input()->set_text("a gripping film");
//   absl::StatusOr<v1::ClassifyResponse> response = client.Classify(request);
//
// Calls block until the reply is there. Each fails with the server's own status (see
// classifier.proto), with UNAVAILABLE when there is no server, or with DEADLINE_EXCEEDED. Nothing
// is sent twice: whether to try again is the caller's decision.
//
// All methods may be called from any thread, several at once; they share one connection.
class Client {
 public:
  explicit Client(const ClientOptions& options = {});

  absl::StatusOr<v1::ClassifyResponse> Classify(const v1::ClassifyRequest& request) const;

  // Holds one item for each input, in their order, when it is OK.
  absl::StatusOr<v1::ClassifyBatchResponse> ClassifyBatch(
      const v1::ClassifyBatchRequest& request) const;

  absl::StatusOr<v1::TokenizeResponse> Tokenize(const v1::TokenizeRequest& request) const;

  absl::StatusOr<v1::GetModelResponse> GetModel() const;

 private:
  // Runs one method of the stub with the deadline and the options of this client.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::Classifier::Stub::*method)(grpc::ClientContext*,
                                                                             const Request&,
                                                                             Response*),
                                const Request& request) const;

  const ClientOptions options_;
  const std::unique_ptr<v1::Classifier::Stub> stub_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLIENT_H_
