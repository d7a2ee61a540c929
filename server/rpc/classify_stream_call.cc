#include "server/rpc/classify_stream_call.h"

#include <grpcpp/server_context.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "latency/steady_clock.h"
#include "server/batching/queue.h"
#include "server/contract/error_reason.h"
#include "server/contract/reply.h"
#include "server/rpc/classification.h"
#include "server/transport/entry.h"
#include "server/transport/message_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

// A message that is larger is worked on by threads of their own, as a call's.
constexpr int64_t kSmallMessageBytes = 16 << 10;

}  // namespace

// One message as it was read.
struct ClassifyStreamCall::Arrived {
  unchecked::v1::ClassifyStreamRequest request;
  int64_t bytes = 0;
  absl::Time arrival;
};

// One text on its way.
struct ClassifyStreamCall::Message {
  uint64_t id;
  Admission::Ticket ticket;
  Classification classification;
  EncodedText encoded;
};

ClassifyStreamCall* ClassifyStreamCall::New(const Serving& serving,
                                            grpc::CallbackServerContext* context) {
  const std::shared_ptr<ClassifyStreamCall> call(new ClassifyStreamCall(serving, context));
  call->self_ = call;
  return call.get();
}

ClassifyStreamCall::ClassifyStreamCall(const Serving& serving, grpc::CallbackServerContext* context)
    : serving_(serving),
      context_(context),
      caller_(serving.open_calls, *context),
      followed_(serving.tracing, serving.KindOf(Method::kClassifyStream), caller_.arrival(),
                context),
      token_timer_(caller_.arrival()) {
  serving_.metrics->calls().Started(Method::kClassifyStream);
}

void ClassifyStreamCall::Read(const NamedCaller* named) {
  caller_.Name(named);
  followed_.Name(named);
  if (!serving_.streams->Add(self_)) return Fail(Draining());
  ReadOn();
}

void ClassifyStreamCall::Fail(const absl::Status& status) {
  Next next;
  {
    absl::MutexLock lock(&mutex_);
    DecideEnd(status);
    next = Decide();
  }
  Begin(next);
}

bool ClassifyStreamCall::CancelIfStalled(absl::Time since) {
  {
    absl::MutexLock lock(&mutex_);
    if (!writing_ || write_began_ > since || cancelled_) return false;
    cancelled_ = cancelling_ = true;
  }
  context_->TryCancel();  // gRPC frees it when the call has ended
  Next next;
  {
    absl::MutexLock lock(&mutex_);
    cancelling_ = false;
    next = Decide();
  }
  Begin(next);
  return true;
}

void ClassifyStreamCall::OnReadDone(bool ok) {
  if (!ok) {
    // Either the client has sent all, or it has left and OnCancel is on its way.
    return context_->IsCancelled() ? OnCancel() : Fail(absl::OkStatus());
  }
  {
    absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;  // it came too late: no reply tells the client so
    ++open_;
  }
  serving_.metrics->calls().MessageReceived(Method::kClassifyStream);
  Receive();  // reads on, once it is taken
}

void ClassifyStreamCall::OnWriteDone(bool ok) {
  if (ok) {
    serving_.metrics->calls().MessageSent(Method::kClassifyStream);
  } else {
    caller_.Leave();
  }
  Reply written;  // freed without the lock
  Next next;
  {
    absl::MutexLock lock(&mutex_);
    written = std::move(outgoing_);
    writing_ = false;
    --open_;
    if (!ok) Abandon();
    next = Decide();
  }
  Begin(next);
  ReadOn();
}

void ClassifyStreamCall::OnCancel() {
  caller_.Leave();
  Next next;
  {
    absl::MutexLock lock(&mutex_);
    Abandon();
    next = Decide();
  }
  Begin(next);
}

void ClassifyStreamCall::OnDone() {
  serving_.streams->Remove(this);
  const std::shared_ptr<ClassifyStreamCall> last = std::move(self_);
}

// Whatever becomes of a message is the outcome of its reply, unless it is no message at all.
void ClassifyStreamCall::Receive() {
  arrived_ = std::make_unique<Arrived>();
  arrived_->bytes = static_cast<int64_t>(incoming_.Length());
  arrived_->arrival = SteadyNow();
  absl::Status status = CheckTokenAgain();
  if (status.ok()) status = ParseMessage(incoming_, &arrived_->request);
  incoming_.Clear();
  if (!status.ok()) {
    Next next;
    {
      absl::MutexLock lock(&mutex_);
      --open_;
      DecideEnd(status);
      next = Decide();
    }
    return Begin(next);
  }
  {
    absl::MutexLock lock(&mutex_);
    waits_ = true;
  }
  if (arrived_->bytes <= kSmallMessageBytes) return TakeInTurn();
  serving_.slices->Add([stream = weak_from_this()] {
    if (const auto alive = stream.lock(); alive != nullptr) alive->TakeInTurn();
    return false;
  });
}

// Nobody overtakes those who wait.
void ClassifyStreamCall::TakeInTurn() {
  const size_t caller = caller_.named().index();
  if (serving_.line->empty(caller) && TakeArrived()) return;
  serving_.line->Wait(caller, [stream = weak_from_this()] {
    const auto alive = stream.lock();
    return alive == nullptr || alive->TakeArrived();
  });
}

// A stream may last for ten minutes; a token that is taken back must not.
absl::Status ClassifyStreamCall::CheckTokenAgain() {
  if (!token_timer_.Due(SteadyNow())) return absl::OkStatus();
  return CheckToken(serving_.tokens, *context_).status();
}

bool ClassifyStreamCall::TakeArrived() {
  {
    absl::MutexLock lock(&mutex_);
    if (!waits_) return true;  // it was given up
    taking_ = true;
  }
  const bool taken = Take(*arrived_);
  if (taken) arrived_.reset();
  Next next;
  bool waits = false;
  bool read = false;
  {
    absl::MutexLock lock(&mutex_);
    taking_ = false;
    if (taken) {
      waits_ = reading_ = false;
      read = ShouldRead();
      if (read) ++starting_reads_;
    } else if (caller_.abandoned() != absl::StatusCode::kOk) {
      GiveUp();
    }
    waits = waits_;
    next = Decide();
  }
  Begin(next);
  if (!read) return !waits;
  StartRead(&incoming_);  // from now on the next message may be here, on another thread
  {
    absl::MutexLock lock(&mutex_);
    --starting_reads_;
    next = Decide();
  }
  Begin(next);
  return true;
}

// False: there is no room for it now.
bool ClassifyStreamCall::Take(const Arrived& arrived) {
  if (!serving_.batcher->StreamsHaveRoom(caller_.named())) return false;
  const unchecked::v1::ClassifyRequest& request = arrived.request.request();
  const auto message = std::make_shared<Message>(
      Message{.id = arrived.request.id(),
              .ticket = {},
              .classification = Classification(serving_, caller_, followed_, arrived.arrival),
              .encoded = {}});
  absl::Status status = message->classification.SetOptions(request.options());
  const int64_t bytes = arrived.bytes + message->classification.ReplyBytes(1);
  if (status.ok()) status = serving_.admission->CheckSize(bytes);
  if (status.ok()) {
    std::optional<Admission::Ticket> ticket =
        serving_.admission->AdmitOfStream(bytes, caller_.named());
    if (!ticket.has_value()) return false;
    message->ticket = *std::move(ticket);
    status = Submit(request, message);
  }
  if (!status.ok()) Answer(status, {}, message.get());
  return true;
}

// If OK, the message is answered by its text's `done`, perhaps already.
absl::Status ClassifyStreamCall::Submit(const unchecked::v1::ClassifyRequest& request,
                                        const std::shared_ptr<Message>& message) {
  absl::Status status = serving_.batcher->CheckRoom(
      {.caller = &caller_.named(), .deadline = caller_.deadline(), .texts = 1, .of_stream = true});
  if (!status.ok()) return status;
  absl::StatusOr<QueuedText> text =
      message->classification.Encode(request.input(), "input", &message->encoded);
  if (!text.ok()) return text.status();
  text->of_stream = true;
  text->done = [this, message](const absl::StatusOr<TextResult>& result) {
    if (!message->classification.RepliesAreLarge()) {
      const auto answer = message->classification.Answer(result, &message->encoded);
      message->ticket = Admission::Ticket();  // who has the reply may send the next
      return Answer(answer, {}, message.get());
    }
    serving_.slices->Add([this, message, result] {
      const auto answer = message->classification.Answer(result, &message->encoded);
      Answer(answer, std::move(message->ticket), message.get());
      return false;
    });
  };
  std::vector<QueuedText> texts;
  texts.push_back(*std::move(text));
  return serving_.batcher->Submit(&texts);
}

void ClassifyStreamCall::Answer(const absl::StatusOr<v1::ClassifyResponse>& answer,
                                Admission::Ticket ticket, Message* message) {
  v1::ClassifyStreamResponse reply;
  reply.set_id(message->id);
  if (answer.ok()) {
    *reply.mutable_result() = *answer;
  } else {
    SetError(answer.status(), reply.mutable_error());
  }
  grpc::ByteBuffer bytes;
  const absl::Status status = SerializeMessage(reply, &bytes);
  const absl::StatusCode abandoned = caller_.abandoned();
  EndMessage(abandoned == absl::StatusCode::kOk ? answer.status().code() : abandoned, message);
  Next next;
  {
    absl::MutexLock lock(&mutex_);
    if (!status.ok()) DecideEnd(status);
    if (status.ok() && caller_.abandoned() == absl::StatusCode::kOk) {
      replies_.push_back({.bytes = bytes, .ticket = std::move(ticket)});
    } else {
      --open_;
    }
    next = Decide();
  }
  Begin(next);
}

void ClassifyStreamCall::EndMessage(absl::StatusCode code, Message* message) {
  CountText(code);
  TextStages& stages = message->encoded.stages;
  stages.End(code, SteadyNow());
  stages.code = code;
  followed_.EndMessage(message->id, message->classification.arrival(), stages);
}

void ClassifyStreamCall::DecideEnd(const absl::Status& status) {
  if (!end_.has_value()) end_ = status;
}

// Nobody reads any more. This end comes before any other, as that could not be told to the client.
void ClassifyStreamCall::Abandon() {
  end_ = absl::Status(caller_.abandoned(), "the caller does not wait any more");
  open_ -= static_cast<int>(replies_.size());
  for (Reply& reply : replies_) dropped_.push_back(std::move(reply));
  replies_.clear();
  if (waits_ && !taking_) GiveUp();
}

// What waits for its turn is not taken any more.
void ClassifyStreamCall::GiveUp() {
  waits_ = false;
  --open_;
  CountText(caller_.abandoned());
}

void ClassifyStreamCall::CountText(absl::StatusCode code) const {
  serving_.metrics->outcomes().Count(caller_.named(), Method::kClassifyStream, code);
}

ClassifyStreamCall::Next ClassifyStreamCall::Decide() {
  Next next;
  next.dropped.swap(dropped_);
  if (!writing_ && !replies_.empty()) {
    outgoing_ = std::move(replies_.front());
    replies_.pop_front();
    writing_ = next.write = true;
    write_began_ = SteadyNow();
  } else if (open_ == 0 && !ended_ && !cancelling_ && !taking_ && starting_reads_ == 0) {
    next.end = end_;
    ended_ = end_.has_value();
  }
  return next;
}

void ClassifyStreamCall::Begin(const Next& next) {
  if (next.write) return StartWrite(&outgoing_.bytes);
  if (!next.end.has_value()) return;
  // Counts before it finishes: whoever has the status finds it in the metrics.
  const absl::Time now = SteadyNow();
  serving_.metrics->calls().Handled(Method::kClassifyStream, next.end->code(),
                                    now - caller_.arrival(), followed_.RecordedTrace());
  followed_.End(next.end->code(), now, [] { return std::vector<TextStages>(); });
  Finish(ToCaller(*next.end));
}

bool ClassifyStreamCall::ShouldRead() {
  if (reading_ || end_.has_value() || open_ >= kMostOpen) return false;
  return reading_ = true;
}

// Only for reactions, and for Start.
void ClassifyStreamCall::ReadOn() {
  {
    absl::MutexLock lock(&mutex_);
    if (!ShouldRead()) return;
  }
  StartRead(&incoming_);
}

}  // namespace verdict
