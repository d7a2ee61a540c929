// Messages as gRPC carries them: in bytes.
//
// Requests come as bytes, because gRPC's own parse answers UNIMPLEMENTED to a string that is not
// UTF-8 and never shows it to the service; replies go as bytes because requests do.
#ifndef VERDICT_SERVER_TRANSPORT_MESSAGE_BYTES_H_
#define VERDICT_SERVER_TRANSPORT_MESSAGE_BYTES_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace verdict {

// INVALID_ARGUMENT: `bytes` are not a message of this type.
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message);

// INTERNAL: the message is larger than Protobuf can write.
absl::Status SerializeMessage(const google::protobuf::MessageLite& message,
                              grpc::ByteBuffer* bytes);

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_MESSAGE_BYTES_H_
