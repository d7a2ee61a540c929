// Calls that a generated stub would not make, or that we have no stub for.
#ifndef VERDICT_TESTS_SERVER_RAW_CALL_H_
#define VERDICT_TESTS_SERVER_RAW_CALL_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <string>

namespace verdict {

// Sends `bytes` as the request of `method` ("/package.Service/Method") and waits; the bytes of the
// answer go to `*reply`, which may be null.
grpc::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                     const std::string& bytes, std::string* reply = nullptr);

// Ends `method` without having sent a request, and waits.
grpc::Status CallWithoutRequest(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& method);

// The status of a call of which only the headers were sent: what the server says without a request.
grpc::Status CallWithHeadersOnly(const std::shared_ptr<grpc::Channel>& channel,
                                 const std::string& method);

// A stream that sends a message at once, and more if asked to, and reads what comes. It is
// cancelled when it is destroyed.
class RawStream {
 public:
  RawStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
            const std::string& bytes, const std::string& authorization = "");
  ~RawStream();

  void Write(const std::string& bytes);

  // Waits for the next message; nullopt when there will be none.
  std::optional<std::string> Read();

  // Waits for the status; nothing else may follow.
  grpc::Status Finish();

 private:
  // Whether the operation that was started last succeeded.
  bool Await();

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool finished_ = false;
};

// What grpc.health.v1 says of `service`: "SERVING", "NOT_SERVING", or the code of its refusal.
std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service);

// A stream of the health of "".
std::unique_ptr<RawStream> WatchHealth(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_RAW_CALL_H_
