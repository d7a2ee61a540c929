#include "server/transport/bytes_service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict {

// What generated code does, too.
BytesService::BytesService(const std::string& service, std::vector<Method> methods) {
  for (Method& method : methods) {
    paths_.push_back(absl::StrCat("/", service, "/", method.name));
    AddMethod(new grpc::internal::RpcServiceMethod(
        paths_.back().c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
    MarkMethodRawCallback(
        static_cast<int>(paths_.size()) - 1,
        new grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
            std::move(method.start)));
  }
}

}  // namespace verdict
