#include "server/message_bytes.h"

#include <grpcpp/impl/codegen/proto_utils.h>

namespace verdict {

absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::ByteBuffer unread = bytes;  // shares the bytes; reading consumes the buffer
  grpc::ProtoBufferReader reader(&unread);
  if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) {
    return absl::InvalidArgumentError("the request is not a " + message->GetTypeName());
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
