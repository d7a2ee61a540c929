#include "client/load/streams.h"

#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace verdict {

// One ClassifyStream. Messages wait in a queue while one is written, because gRPC writes one at a
// time; what has been sent waits for its reply by its id.
//
// Thread-safe. It must live until its own call has come back through EndedCalls.
class LoadStream final
    : public grpc::ClientBidiReactor<v1::ClassifyStreamRequest, v1::ClassifyStreamResponse> {
 public:
  LoadStream(v1::Classifier::Stub* stub, bool wait_for_ready, std::function<absl::Duration()> clock,
             EndedCalls* ended)
      : clock_(std::move(clock)), ended_(ended), opened_(clock_()) {
    call_.method = LoadMethod::kClassifyStream;
    call_.context.emplace().set_wait_for_ready(wait_for_ready);
    stub->async()->ClassifyStream(&*call_.context, this);
    // Writes are started from outside of reactions, until the first read fails.
    AddHold();
  }

  // Begins the call. What was sent before is the first that goes out.
  void Start() {
    StartRead(&response_);
    StartCall();
  }

  LoadCall* call() { return &call_; }
  absl::Duration opened() const { return opened_; }

  // Whether the stream can still take it.
  bool Send(LoadCall* message, const v1::ClassifyRequest& request) {
    {
      absl::MutexLock lock(&mutex_);
      if (broken_ || draining_) return false;
      message->stream = this;
      waiting_.emplace(message->id, message);
      queue_.push_back({.id = message->id, .request = &request});
      if (!NextWrite()) return true;
      AddHold();  // for the write that starts below, lest the stream end before
    }
    StartWrite(&request_);
    RemoveHold();
    return true;
  }

  void Expire(LoadCall* message) {
    {
      absl::MutexLock lock(&mutex_);
      if (waiting_.erase(message->id) == 0) return;
      const auto queued = std::find_if(queue_.begin(), queue_.end(),
                                       [&](const Queued& one) { return one.id == message->id; });
      if (queued != queue_.end()) queue_.erase(queued);
    }
    End(message, absl::StatusCode::kDeadlineExceeded);
  }

  void Drain() {
    {
      absl::MutexLock lock(&mutex_);
      if (broken_ || std::exchange(draining_, true) || writing_) return;
      AddHold();
    }
    StartWritesDone();
    RemoveHold();
  }

  void Cancel() { call_.context->TryCancel(); }

 private:
  struct Queued {
    uint64_t id;
    const v1::ClassifyRequest* request;
  };

  void OnReadDone(bool ok) override {
    if (ok) {
      if (LoadCall* const message = TakeAnswered(); message != nullptr) Answer(message);
      return StartRead(&response_);
    }
    {
      absl::MutexLock lock(&mutex_);
      broken_ = true;
    }
    RemoveHold();
  }

  void OnWriteDone(bool ok) override {
    bool write = false;
    bool last = false;
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      write = ok && NextWrite();
      last = ok && !write && draining_;
    }
    if (write) StartWrite(&request_);
    if (last) StartWritesDone();
  }

  void OnDone(const grpc::Status& status) override {
    absl::flat_hash_map<uint64_t, LoadCall*> unanswered;
    {
      absl::MutexLock lock(&mutex_);
      unanswered.swap(waiting_);
      queue_.clear();
    }
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    // A server that ends a stream well has answered everything.
    const auto of_messages = status.ok() ? absl::StatusCode::kUnknown : code;
    for (const auto& [id, message] : unanswered) End(message, of_messages);
    End(&call_, code);  // last: it may destroy this
  }

  // Fills request_ with the first of the queue, if there is one and nothing is being written.
  bool NextWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || queue_.empty()) return false;
    request_.set_id(queue_.front().id);
    *request_.mutable_request() = *queue_.front().request;
    queue_.pop_front();
    return writing_ = true;
  }

  // The message that response_ answers; none if it has expired.
  LoadCall* TakeAnswered() {
    absl::MutexLock lock(&mutex_);
    const auto found = waiting_.find(response_.id());
    if (found == waiting_.end()) return nullptr;
    LoadCall* const message = found->second;
    waiting_.erase(found);
    return message;
  }

  void Answer(LoadCall* message) {
    if (response_.has_result()) {
      message->classified.Swap(response_.mutable_result());
      End(message, absl::StatusCode::kOk);
    } else {
      End(message, response_.error().code() == 0
                       ? absl::StatusCode::kUnknown
                       : static_cast<absl::StatusCode>(response_.error().code()));
    }
  }

  void End(LoadCall* call, absl::StatusCode code) {
    call->ended = clock_();
    call->code = code;
    ended_->Push(call);
  }

  const std::function<absl::Duration()> clock_;
  EndedCalls* const ended_;
  const absl::Duration opened_;
  LoadCall call_;
  v1::ClassifyStreamResponse response_;  // of the read that is under way

  absl::Mutex mutex_;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;    // nothing can be read any more
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;  // nothing will be written any more
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint64_t, LoadCall*> waiting_ ABSL_GUARDED_BY(mutex_);
  v1::ClassifyStreamRequest request_;  // written under mutex_, read by gRPC while writing_
};

LoadStreams::LoadStreams(Options options)
    : options_(std::move(options)), current_(options_.streams) {}

LoadStreams::~LoadStreams() = default;

void LoadStreams::Send(LoadCall* message, const v1::ClassifyRequest& request) {
  const size_t index = next_++ % current_.size();
  if (LoadStream* const current = current_[index]; current != nullptr) {
    if (options_.clock() - current->opened() >= options_.life) current->Drain();
    if (current->Send(message, request)) return;
  }
  // A stream that has not begun cannot break, so this message is sure to be its.
  current_[index] = Open(index);
  current_[index]->Send(message, request);
  current_[index]->Start();
}

void LoadStreams::Expire(LoadCall* message) { message->stream->Expire(message); }

void LoadStreams::Drain() {
  for (const std::unique_ptr<LoadStream>& stream : all_) stream->Drain();
}

void LoadStreams::Cancel() {
  for (const std::unique_ptr<LoadStream>& stream : all_) stream->Cancel();
}

void LoadStreams::Forget(LoadCall* stream) {
  std::replace_if(
      current_.begin(), current_.end(),
      [stream](LoadStream* one) { return one != nullptr && one->call() == stream; }, nullptr);
  all_.erase(std::find_if(all_.begin(), all_.end(),
                          [stream](const auto& one) { return one->call() == stream; }));
}

LoadStream* LoadStreams::Open(size_t index) {
  v1::Classifier::Stub* const stub = options_.stubs[index % options_.stubs.size()];
  all_.push_back(
      std::make_unique<LoadStream>(stub, options_.wait_for_ready, options_.clock, options_.ended));
  options_.opened(all_.back()->call());
  return all_.back().get();
}

}  // namespace verdict
