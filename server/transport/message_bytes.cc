#include "server/transport/message_bytes.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/contract/error_reason.h"

namespace verdict {

absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::ByteBuffer unread = bytes;  // shares the bytes; reading consumes the buffer
  grpc::ProtoBufferReader reader(&unread);
  if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) {
    // By its name in the contract: the twin's (server/CMakeLists.txt) is nobody's business.
    return InvalidRequest(
        v1::MALFORMED_REQUEST, "",
        absl::StrCat("the request is not a ",
                     absl::StrReplaceAll(message->GetTypeName(), {{".unchecked.", "."}}),
                     ": encode it by proto/verdict/v1/classifier.proto"));
  }
  return absl::OkStatus();
}

absl::Status SerializeMessage(const google::protobuf::MessageLite& message,
                              grpc::ByteBuffer* bytes) {
  bool own_buffer = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::MessageLite>(message, bytes,
                                                                                     &own_buffer);
  return status.ok() ? absl::OkStatus() : absl::InternalError("the reply could not be serialized");
}

}  // namespace verdict
