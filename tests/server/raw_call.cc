#include "tests/server/raw_call.h"

#include <grpcpp/support/byte_buffer.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "grpc/health/v1/health.pb.h"

namespace verdict {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::Status CallOfHeaders(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                           bool half_close) {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto await = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
  };
  const auto call = grpc::GenericStub(channel).PrepareCall(&context, method, &queue);
  grpc::Status status;
  call->StartCall(nullptr);
  await();
  if (half_close) {
    call->WritesDone(nullptr);
    await();
  }
  call->Finish(&status, nullptr);
  await();
  return status;
}

}  // namespace

grpc::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                     const std::string& bytes, std::string* reply) {
  grpc::ClientContext context;
  const grpc::ByteBuffer request = ToBuffer(bytes);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification done;
  grpc::GenericStub(channel).UnaryCall(&context, method, {}, &request, &response,
                                       [&](grpc::Status result) {
                                         status = std::move(result);
                                         done.Notify();
                                       });
  done.WaitForNotification();
  if (reply != nullptr && status.ok()) *reply = ToBytes(response);
  return status;
}

grpc::Status CallWithoutRequest(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& method) {
  return CallOfHeaders(channel, method, /*half_close=*/true);
}

grpc::Status CallWithHeadersOnly(const std::shared_ptr<grpc::Channel>& channel,
                                 const std::string& method) {
  return CallOfHeaders(channel, method, /*half_close=*/false);
}

RawStream::RawStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                     const std::string& bytes, const std::string& authorization) {
  if (!authorization.empty()) context_.AddMetadata("authorization", authorization);
  stream_ = grpc::GenericStub(channel).PrepareCall(&context_, method, &queue_);
  stream_->StartCall(nullptr);
  if (Await()) Write(bytes);
}

RawStream::~RawStream() {
  context_.TryCancel();
  if (!finished_) Finish();
  queue_.Shutdown();
}

void RawStream::Write(const std::string& bytes) {
  stream_->Write(ToBuffer(bytes), nullptr);
  Await();
}

grpc::Status RawStream::Finish() {
  finished_ = true;
  grpc::Status status;
  stream_->Finish(&status, nullptr);
  Await();
  return status;
}

std::optional<std::string> RawStream::Read() {
  grpc::ByteBuffer buffer;
  stream_->Read(&buffer, nullptr);
  if (!Await()) return std::nullopt;
  return ToBytes(buffer);
}

bool RawStream::Await() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  std::string reply;
  const grpc::Status status =
      RawCall(channel, "/grpc.health.v1.Health/Check", request.SerializeAsString(), &reply);
  if (!status.ok()) return absl::StrCat("code ", status.error_code());
  grpc::health::v1::HealthCheckResponse response;
  if (!response.ParseFromString(reply)) return reply;
  return grpc::health::v1::HealthCheckResponse::ServingStatus_Name(response.status());
}

std::unique_ptr<RawStream> WatchHealth(const std::shared_ptr<grpc::Channel>& channel) {
  return std::make_unique<RawStream>(channel, "/grpc.health.v1.Health/Watch", "");
}

}  // namespace verdict
