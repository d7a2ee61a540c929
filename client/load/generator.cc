#include "client/load/generator.h"

#include <grpc/support/time.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "client/error.h"

namespace verdict {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(100);

// So many calls start before those that have ended are looked at: who is behind must not forget to
// count.
constexpr int kBurst = 64;

// Every message has ended when the streams are asked to: this is for a server that does not listen.
constexpr absl::Duration kStreamPatience = absl::Seconds(2);

// A deadline in gRPC is a whole millisecond, rounded up.
constexpr absl::Duration kDeadlineResolution = absl::Milliseconds(1);

gpr_timespec ToGpr(std::chrono::steady_clock::time_point time) {
  const auto nanoseconds =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return {.tv_sec = nanoseconds / 1'000'000'000,
          .tv_nsec = static_cast<int32_t>(nanoseconds % 1'000'000'000),
          .clock_type = GPR_CLOCK_MONOTONIC};
}

absl::Duration CpuTime() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

LoadMethod MethodOf(CallKind kind) {
  switch (kind) {
    case CallKind::kClassify:
      return LoadMethod::kClassify;
    case CallKind::kBatch:
      return LoadMethod::kClassifyBatch;
    case CallKind::kStream:
      return LoadMethod::kMessage;
    case CallKind::kTokenize:
      return LoadMethod::kTokenize;
    case CallKind::kInfo:
      break;
  }
  return LoadMethod::kGetModel;
}

}  // namespace

LoadGenerator::LoadGenerator(LoadGeneratorOptions options, Work work)
    : options_(options),
      work_(work),
      limit_(options_.concurrency > 0 ? options_.concurrency : options_.max_in_flight),
      retry_policy_(options_.attempts),
      streams_({.stubs = work_.connections->stubs(),
                .wait_for_ready = options_.wait_for_ready,
                .clock = [this] { return Now(); },
                .ended = &ended_,
                .opened = [this](LoadCall* stream) { CountStream(stream); }}) {}

void LoadGenerator::Run(const std::function<bool(absl::Duration)>& tick) {
  // The kernel may wake a thread 50 us late to save power; this one has appointments.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  const absl::Duration cpu_before = CpuTime();
  start_ = std::chrono::steady_clock::now();
  if (work_.schedule != nullptr) next_ = work_.schedule->Next();
  absl::Duration next_tick;
  while (!exhausted_ || in_flight_ > 0 || streams_.open() > 0) {
    Collect();
    StartDue();
    const absl::Duration now = Now();
    KeepAppointments(now);
    EndStreams(now);
    if (now >= next_tick) {
      next_tick = now + kTick;
      if (!tick(now) && !exhausted_) exhausted_ = cut_short_ = true;
    }
    Wait(next_tick);
  }
  if (cut_short_) work_.recorder->CutShort(last_ended_);
  health_.cpu_time = CpuTime() - cpu_before;
  tick(Now());
}

absl::Duration LoadGenerator::Now() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - start_);
}

std::optional<IntendedStart> LoadGenerator::TakeDue(absl::Duration now) {
  if (exhausted_) return std::nullopt;
  if (work_.schedule == nullptr) {
    const bool enough = options_.closed_loop_requests == started_;
    exhausted_ = enough || now >= options_.closed_loop_duration;
    cut_short_ = enough;
    if (exhausted_ || in_flight_ >= limit_) return std::nullopt;
    return IntendedStart{.at = now};
  }
  if (!next_) {
    exhausted_ = true;
    cut_short_ = work_.schedule->cut_short();
    return std::nullopt;
  }
  if (next_->at > now) return std::nullopt;
  if (in_flight_ >= limit_) {
    last_blocked_ = now;
    return std::nullopt;
  }
  return std::exchange(next_, work_.schedule->Next());
}

void LoadGenerator::StartDue() {
  for (int i = 0; i < kBurst; ++i) {
    const absl::Duration now = Now();
    const std::optional<IntendedStart> start = TakeDue(now);
    if (!start) return;
    Start(*start, now);
  }
}

void LoadGenerator::Start(const IntendedStart& start, absl::Duration now) {
  LoadCall* const call = NewCall();
  call->plan = work_.mix->Next();
  call->method = MethodOf(call->plan.kind);
  call->stage = stage_ = start.stage;
  call->intended = start.at;
  work_.recorder->Started(call->method, call->stage, call->intended);
  if (start.at <= last_blocked_) {
    ++health_.held_back;
  } else {
    health_.lag.Observe(now - start.at);
  }
  if (call->plan.cancelled) {
    Appoint(now + options_.cancel_after, Appointment::Kind::kCancel, call);
  }
  ++started_;
  health_.most_in_flight = std::max(health_.most_in_flight, ++in_flight_);
  Send(call);
}

void LoadGenerator::Send(LoadCall* call) {
  if (call->plan.kind == CallKind::kStream) return SendMessage(call);
  grpc::ClientContext* const context = &call->context.emplace();
  if (options_.timeout != absl::InfiniteDuration()) {
    context->set_deadline(
        ToGpr(start_ + absl::ToChronoNanoseconds(call->intended + options_.timeout)));
  }
  context->set_wait_for_ready(options_.wait_for_ready);
  SendCall(call);
}

void LoadGenerator::SendCall(LoadCall* call) {
  const auto done = [this, call](const grpc::Status& status) {
    call->ended = Now();
    call->code = static_cast<absl::StatusCode>(status.error_code());
    ended_.Push(call);
  };
  grpc::ClientContext* const context = &*call->context;
  const LoadRequests& requests = *work_.requests;
  auto* const stub = work_.connections->stub(started_ % work_.connections->size())->async();
  switch (call->plan.kind) {
    case CallKind::kClassify:
      return stub->Classify(context, &requests.Classify(call->plan), &call->classified, done);
    case CallKind::kBatch:
      requests.FillBatch(call->plan, &call->batch_request);
      return stub->ClassifyBatch(context, &call->batch_request, &call->batch, done);
    case CallKind::kTokenize:
      return stub->Tokenize(context, &requests.Tokenize(call->plan), &call->tokens, done);
    case CallKind::kInfo:
      return stub->GetModel(context, &requests.GetModel(), &call->model, done);
    case CallKind::kStream:
      break;  // SendMessage's
  }
}

void LoadGenerator::SendMessage(LoadCall* call) {
  if (options_.timeout != absl::InfiniteDuration()) {
    Appoint(call->intended + options_.timeout, Appointment::Kind::kExpire, call);
  }
  streams_.Send(call, work_.requests->Classify(call->plan));
}

LoadCall* LoadGenerator::NewCall() {
  if (free_.empty()) {
    calls_.push_back(std::make_unique<LoadCall>());
    free_.push_back(calls_.back().get());
  }
  LoadCall* const call = free_.back();
  free_.pop_back();
  ++call->generation;
  call->attempt = 1;
  call->cancel_requested = false;
  call->id = started_ + 1;
  return call;
}

void LoadGenerator::CountStream(LoadCall* stream) {
  stream->stage = stage_;
  work_.recorder->Started(stream->method, stream->stage, Now());
}

void LoadGenerator::Appoint(absl::Duration at, Appointment::Kind kind, LoadCall* call) {
  appointments_.emplace(at,
                        Appointment{.kind = kind, .call = call, .generation = call->generation});
}

void LoadGenerator::KeepAppointments(absl::Duration now) {
  while (!appointments_.empty() && appointments_.begin()->first <= now) {
    const Appointment due = appointments_.extract(appointments_.begin()).mapped();
    LoadCall* const call = due.call;
    if (call->generation != due.generation) continue;
    switch (due.kind) {
      case Appointment::Kind::kCancel:
        call->cancel_requested = true;
        // One that has ended, but is not collected yet, takes no harm.
        if (call->context) call->context->TryCancel();
        break;
      case Appointment::Kind::kRetry:
        ++call->attempt;
        Send(call);
        if (call->cancel_requested) call->context->TryCancel();
        break;
      case Appointment::Kind::kExpire:
        if (call->stream != nullptr) LoadStreams::Expire(call);
        break;
    }
  }
}

void LoadGenerator::Collect() {
  ended_.Take(&collected_);
  for (LoadCall* call : collected_) {
    if (WillRetry(call)) continue;
    work_.recorder->Ended(Judge(*call));
    last_ended_ = std::max(last_ended_, call->ended);
    if (call->method == LoadMethod::kClassifyStream) {
      streams_.Forget(call);
      continue;
    }
    call->context.reset();
    call->stream = nullptr;
    free_.push_back(call);
    --in_flight_;
  }
  collected_.clear();
}

bool LoadGenerator::WillRetry(LoadCall* call) {
  if (options_.attempts == 1 || call->plan.kind == CallKind::kStream) return false;
  if (call->code == absl::StatusCode::kOk) {
    retry_policy_.AfterSuccess();
    return false;
  }
  if (call->cancel_requested) return false;
  const absl::Duration now = Now();
  const std::optional<absl::Duration> pause =
      retry_policy_.AfterFailure({.number = call->attempt,
                                  .code = call->code,
                                  .pushback_ms = PushbackMs(*call->context),
                                  .remaining = call->intended + options_.timeout - now},
                                 random_.Uniform());
  if (pause) Appoint(now + *pause, Appointment::Kind::kRetry, call);
  return pause.has_value();
}

LoadOutcome LoadGenerator::Judge(const LoadCall& call) const {
  LoadOutcome outcome = {.method = call.method,
                         .code = call.code,
                         .stage = call.stage,
                         .intended = call.intended,
                         .ended = call.ended,
                         .timeout = options_.timeout + kDeadlineResolution};
  if (call.code == absl::StatusCode::kOk) JudgeReply(call, &outcome);
  return outcome;
}

void LoadGenerator::JudgeReply(const LoadCall& call, LoadOutcome* outcome) const {
  const auto agrees = [&](size_t text, const v1::ClassifyResponse& reply) {
    return work_.expected == nullptr || work_.expected->Agree(text, reply);
  };
  if (call.plan.fault != Fault::kNone) {
    outcome->wrong = true;  // whatever the reply is
  } else if (call.method == LoadMethod::kClassify || call.method == LoadMethod::kMessage) {
    outcome->texts_ok = 1;
    outcome->wrong = !agrees(call.plan.text, call.classified);
  } else if (call.method == LoadMethod::kClassifyBatch) {
    outcome->wrong = call.batch.items_size() != call.batch_request.inputs_size();
    for (int i = 0; i < call.batch.items_size(); ++i) {
      if (!call.batch.items(i).has_result()) continue;
      ++outcome->texts_ok;
      if (!agrees((call.plan.text + i) % work_.requests->texts(), call.batch.items(i).result())) {
        outcome->wrong = true;
      }
    }
  }
}

void LoadGenerator::EndStreams(absl::Duration now) {
  if (!exhausted_ || in_flight_ > 0 || streams_.open() == 0) return;
  if (!streams_drained_) {
    streams_drained_ = now;
    streams_.Drain();
  } else if (now > *streams_drained_ + kStreamPatience) {
    streams_.Cancel();
  }
}

void LoadGenerator::Wait(absl::Duration until) {
  const bool full = in_flight_ >= limit_;
  // A closed loop that a burst has not filled yet.
  if (work_.schedule == nullptr && !full && !exhausted_) return;
  if (next_ && !full && !exhausted_) until = std::min(until, next_->at);
  if (!appointments_.empty()) until = std::min(until, appointments_.begin()->first);
  const absl::Duration left = until - Now();
  if (left > absl::ZeroDuration()) ended_.Wait(left, /*for_a_call=*/full || exhausted_);
}

}  // namespace verdict
