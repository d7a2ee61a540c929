#include "proto/status_details.h"

#include <map>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace verdict {
namespace {

constexpr absl::string_view kTypes = "type.googleapis.com/";
constexpr absl::string_view kDetailTypes = "type.googleapis.com/google.rpc.";

std::string TypeUrl(const google::protobuf::Message& message) {
  return absl::StrCat(kTypes, message.GetDescriptor()->full_name());
}

}  // namespace

void SetDetail(const google::protobuf::Message& detail, absl::Status* status) {
  status->SetPayload(TypeUrl(detail), absl::Cord(detail.SerializeAsString()));
}

bool GetDetail(const absl::Status& status, google::protobuf::Message* detail) {
  const auto payload = status.GetPayload(TypeUrl(*detail));
  return payload.has_value() && detail->ParseFromString(std::string(*payload));
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  // absl::Status tells its payloads in any order.
  std::map<std::string, std::string> details;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    if (absl::StartsWith(type_url, kDetailTypes)) {
      details.emplace(std::string(type_url), std::string(payload));
    }
  });
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message());
  if (details.empty()) return {code, message};
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(code));
  rpc.set_message(message);
  for (const auto& [type_url, bytes] : details) {
    google::protobuf::Any* any = rpc.add_details();
    any->set_type_url(type_url);
    any->set_value(bytes);
  }
  return {code, message, rpc.SerializeAsString()};
}

absl::Status ToAbslStatus(const grpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status rpc;
  if (result.ok() || !rpc.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& any : rpc.details()) {
    result.SetPayload(any.type_url(), absl::Cord(any.value()));
  }
  return result;
}

}  // namespace verdict
