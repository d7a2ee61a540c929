// How the details of an error travel: google.rpc's messages, as payloads of an absl::Status within
// a program, and as a google.rpc.Status in the trailer `grpc-status-details-bin` between two.
#ifndef VERDICT_PROTO_STATUS_DETAILS_H_
#define VERDICT_PROTO_STATUS_DETAILS_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace verdict {

// Puts `detail` (proto/google/rpc/error_details.proto) on `*status`, in place of one of its type.
// It is a payload under its type URL, such as "type.googleapis.com/google.rpc.ErrorInfo". An OK
// status takes none.
void SetDetail(const google::protobuf::Message& detail, absl::Status* status);

// Reads the detail of `*detail`'s type. False: `status` has none.
bool GetDetail(const absl::Status& status, google::protobuf::Message* detail);

// With the details of google.rpc that `status` has, in the order of their type URLs; other payloads
// stay here.
grpc::Status ToGrpcStatus(const absl::Status& status);

// With the details that came along. Those that are malformed are left out.
absl::Status ToAbslStatus(const grpc::Status& status);

}  // namespace verdict

#endif  // VERDICT_PROTO_STATUS_DETAILS_H_
