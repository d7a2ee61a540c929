// gRPC services whose calls begin when their headers come.
#ifndef VERDICT_SERVER_TRANSPORT_BYTES_SERVICE_H_
#define VERDICT_SERVER_TRANSPORT_BYTES_SERVICE_H_

#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <list>
#include <string>
#include <vector>

namespace verdict {

// A call whose messages are bytes. Of a unary method it reads one and writes one.
using BytesReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// Registers every method as one of streams, which on the wire is the same. Of a unary method gRPC
// collects the whole request before it tells of the call at all, so a caller who may not even call
// it has it hold 16 MB; of a stream it tells when the headers come, and collects a message when it
// is asked to read one.
class BytesService final : public grpc::Service {
 public:
  struct Method {
    std::string name;  // without its service
    // Makes the reactor of a call. From any thread.
    std::function<BytesReactor*(grpc::CallbackServerContext*)> start;
  };

  BytesService(const std::string& service, std::vector<Method> methods);

 private:
  std::list<std::string> paths_;  // gRPC keeps pointers into them
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_BYTES_SERVICE_H_
