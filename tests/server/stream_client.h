// A client of ClassifyStream.
#ifndef VERDICT_TESTS_SERVER_STREAM_CLIENT_H_
#define VERDICT_TESTS_SERVER_STREAM_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

// One stream. One thread may write while another reads; destroying it abandons what is left.
class StreamClient {
 public:
  explicit StreamClient(v1::Classifier::Stub& stub,
                        absl::Duration timeout = absl::InfiniteDuration()) {
    if (timeout < absl::InfiniteDuration()) {
      context_.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    }
    stream_ = stub.ClassifyStream(&context_);
  }

  ~StreamClient() {
    if (ended_) return;
    Cancel();
    Finish();
  }

  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  bool Send(uint64_t id, const std::string& text) {
    v1::ClassifyStreamRequest request;
    request.set_id(id);
    request.mutable_request()->mutable_input()->set_text(text);
    return stream_->Write(request);
  }

  bool Send(const v1::ClassifyStreamRequest& request) { return stream_->Write(request); }

  void HalfClose() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }

  // The next reply; nullopt when there will be none.
  std::optional<v1::ClassifyStreamResponse> Read() {
    v1::ClassifyStreamResponse reply;
    if (!stream_->Read(&reply)) return std::nullopt;
    return reply;
  }

  // All replies that are left.
  std::multimap<uint64_t, v1::ClassifyStreamResponse> ReadAll() {
    std::multimap<uint64_t, v1::ClassifyStreamResponse> replies;
    while (const auto reply = Read()) replies.emplace(reply->id(), *reply);
    return replies;
  }

  grpc::Status Finish() {
    ended_ = true;
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ClassifyStreamRequest, v1::ClassifyStreamResponse>>
      stream_;
  bool ended_ = false;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_STREAM_CLIENT_H_
