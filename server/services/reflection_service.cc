#include "server/services/reflection_service.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "server/contract/error_reason.h"
#include "server/transport/bytes_service.h"
#include "server/transport/entry.h"
#include "server/transport/message_bytes.h"

namespace verdict {
namespace {

std::vector<std::string> WithItself(std::vector<std::string> services) {
  for (std::string& name : Reflection::ServiceNames()) services.push_back(std::move(name));
  return services;
}

}  // namespace

// One stream, from the arrival of the call to its end. Requests are answered one by one: the next
// is read when the response is written, so an unread stream holds one response.
//
// gRPC runs one reaction of reading and writing at a time; the end may come from another thread.
class ReflectionStream final : public BytesReactor {
 public:
  static ReflectionStream* Start(ReflectionService* service, grpc::CallbackServerContext* context) {
    const std::shared_ptr<ReflectionStream> stream(new ReflectionStream(service, context));
    stream->self_ = stream;
    if (absl::Status status = CheckToken(service->tokens(), *context).status(); !status.ok()) {
      stream->End(status);
      return stream.get();
    }
    service->Add(stream);
    stream->StartRead(&stream->incoming_);
    return stream.get();
  }

  // Ends the stream, unless its end is decided. A response that its client does not read is not
  // waited for.
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_) {
    bool cancel = false;
    {
      absl::MutexLock lock(&mutex_);
      if (end_.has_value()) return;
      end_ = status;
      cancel = cancelling_ = writing_;
    }
    if (cancel && !Cancel()) return;
    FinishWith(status);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End(absl::OkStatus());
    Reflection::Request request;
    const absl::Status status = Parse(&request);
    if (!status.ok()) return End(status);
    if (absl::Status made = SerializeMessage(service_->reflection().Answer(request), &outgoing_);
        !made.ok()) {
      return End(made);
    }
    {
      absl::MutexLock lock(&mutex_);
      if (end_.has_value()) return;
      writing_ = true;
    }
    StartWrite(&outgoing_);
  }

  void OnWriteDone(bool ok) override {
    outgoing_.Clear();
    std::optional<absl::Status> end;
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (cancelling_) return;
      if (!ok && !end_.has_value()) end_ = absl::CancelledError("");
      end = end_;
    }
    if (end.has_value()) return FinishWith(*end);
    StartRead(&incoming_);
  }

  void OnCancel() override { End(absl::CancelledError("")); }

  void OnDone() override {
    service_->Remove(this);
    self_.reset();
  }

 private:
  ReflectionStream(ReflectionService* service, grpc::CallbackServerContext* context)
      : service_(service), context_(context) {}

  absl::Status Parse(Reflection::Request* request) const {
    if (incoming_.Length() <= ReflectionService::kMostRequestBytes) {
      return ParseMessage(incoming_, request);
    }
    return absl::InvalidArgumentError(absl::StrCat("the request has ", incoming_.Length(),
                                                   " bytes; expected at most ",
                                                   ReflectionService::kMostRequestBytes));
  }

  // Ends the write in progress. Whether it is over: then the caller finishes, else OnWriteDone
  // does.
  bool Cancel() ABSL_LOCKS_EXCLUDED(mutex_) {
    context_->TryCancel();  // alive, as nobody finishes while cancelling_
    absl::MutexLock lock(&mutex_);
    cancelling_ = false;
    return !writing_;
  }

  void FinishWith(const absl::Status& status) { Finish(ToCaller(status)); }

  ReflectionService* const service_;
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<ReflectionStream> self_;  // until OnDone
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;

  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelling_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);  // once decided
};

ReflectionService::ReflectionService(std::vector<std::string> services, BearerTokens* tokens)
    : reflection_(WithItself(std::move(services))), tokens_(tokens) {}

std::vector<std::unique_ptr<grpc::Service>> ReflectionService::MakeServices() {
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (const std::string& name : Reflection::ServiceNames()) {
    BytesService::Method method = {"ServerReflectionInfo", [this](auto* context) {
                                     return ReflectionStream::Start(this, context);
                                   }};
    services.push_back(std::make_unique<BytesService>(name, std::vector{std::move(method)}));
  }
  return services;
}

void ReflectionService::Add(const std::shared_ptr<ReflectionStream>& stream) {
  std::shared_ptr<ReflectionStream> oldest;
  {
    absl::MutexLock lock(&mutex_);
    streams_.push_back(stream);
    if (streams_.size() > kMostStreams) {
      oldest = streams_.front();
      streams_.pop_front();
    }
  }
  if (oldest != nullptr) {
    oldest->End(absl::ResourceExhaustedError(absl::StrCat(
        "more than ", kMostStreams, " streams of reflection are open; the oldest ends")));
  }
}

void ReflectionService::Remove(ReflectionStream* stream) {
  absl::MutexLock lock(&mutex_);
  streams_.remove_if([stream](const auto& open) { return open.get() == stream; });
}

}  // namespace verdict
