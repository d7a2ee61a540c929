#include "client/load/generator.h"

#include <grpc/support/time.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "client/channel.h"

namespace verdict {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(100);

// So many calls start before those that have ended are looked at: who is behind must not forget to
// count.
constexpr int kBurst = 64;

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

absl::string_view PushbackMs(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("grpc-retry-pushback-ms");
  if (found == trailers.end()) return "";
  return {found->second.data(), found->second.size()};
}

// UNAVAILABLE: it did not connect until `deadline`, or at all and there was no reason to wait.
absl::Status AwaitConnection(grpc::Channel* channel, bool wait, absl::Time deadline) {
  for (;;) {
    const grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) return absl::OkStatus();
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE && !wait) {
      return absl::UnavailableError("cannot connect");
    }
    if (!channel->WaitForStateChange(state, absl::ToChronoTime(deadline))) {
      return absl::UnavailableError("not connected in time");
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoadGenerator>> LoadGenerator::Create(LoadGeneratorOptions options,
                                                                     Work work) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < options.connections; ++i) {
    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = OpenChannel(options.connection);
    if (!channel.ok()) return channel.status();
    channels.push_back(*std::move(channel));
  }
  return absl::WrapUnique(new LoadGenerator(std::move(options), work, std::move(channels)));
}

LoadGenerator::LoadGenerator(LoadGeneratorOptions options, Work work,
                             std::vector<std::shared_ptr<grpc::Channel>> channels)
    : options_(std::move(options)),
      work_(work),
      limit_(options_.concurrency > 0 ? options_.concurrency : options_.max_in_flight),
      channels_(std::move(channels)),
      retry_policy_(options_.connection.attempts) {
  for (const std::shared_ptr<grpc::Channel>& channel : channels_) {
    stubs_.push_back(v1::Classifier::NewStub(channel));
  }
}

absl::Status LoadGenerator::Connect() {
  const absl::Time deadline =
      absl::Now() +
      std::min(std::max(options_.connection.timeout, absl::Seconds(10)), absl::Minutes(5));
  for (const std::shared_ptr<grpc::Channel>& channel : channels_) {
    absl::Status status =
        AwaitConnection(channel.get(), options_.connection.wait_for_ready, deadline);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void LoadGenerator::Run(const std::function<bool(absl::Duration)>& tick) {
  // The kernel may wake a thread 50 us late to save power; this one has appointments.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  const absl::Duration cpu_before = CpuTime();
  start_ = std::chrono::steady_clock::now();
  if (work_.schedule != nullptr) next_ = work_.schedule->Next();
  absl::Duration next_tick;
  while (!exhausted_ || in_flight_ > 0) {
    Collect();
    StartDue();
    const absl::Duration now = Now();
    RetryDue(now);
    CancelDue(now);
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
  call->stage = start.stage;
  call->intended = start.at;
  work_.recorder->Started(call->method, call->stage, call->intended);
  if (start.at <= last_blocked_) {
    ++health_.held_back;
  } else {
    health_.lag.Observe(now - start.at);
  }
  if (call->plan.cancelled) {
    cancellations_.push_back(
        {.at = now + options_.cancel_after, .call = call, .generation = call->generation});
  }
  ++started_;
  health_.most_in_flight = std::max(health_.most_in_flight, ++in_flight_);
  Send(call);
}

void LoadGenerator::Send(LoadCall* call) {
  grpc::ClientContext* const context = &call->context.emplace();
  if (options_.connection.timeout != absl::InfiniteDuration()) {
    context->set_deadline(
        ToGpr(start_ + absl::ToChronoNanoseconds(call->intended + options_.connection.timeout)));
  }
  context->set_wait_for_ready(options_.connection.wait_for_ready);
  const auto done = [this, call](const grpc::Status& status) {
    call->ended = Now();
    call->code = static_cast<absl::StatusCode>(status.error_code());
    ended_.Push(call);
  };
  v1::Classifier::StubInterface::async_interface* const stub =
      stubs_[started_ % stubs_.size()]->async();
  switch (call->plan.kind) {
    case CallKind::kBatch:
      work_.requests->FillBatch(call->plan, &call->batch_request);
      return stub->ClassifyBatch(context, &call->batch_request, &call->batch, done);
    case CallKind::kTokenize:
      return stub->Tokenize(context, &work_.requests->Tokenize(call->plan), &call->tokens, done);
    case CallKind::kInfo:
      return stub->GetModel(context, &work_.requests->GetModel(), &call->model, done);
    case CallKind::kClassify:
    case CallKind::kStream:
      return stub->Classify(context, &work_.requests->Classify(call->plan), &call->classified,
                            done);
  }
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
  return call;
}

void LoadGenerator::CancelDue(absl::Duration now) {
  for (; !cancellations_.empty() && cancellations_.front().at <= now; cancellations_.pop_front()) {
    const Cancellation& cancellation = cancellations_.front();
    LoadCall* const call = cancellation.call;
    if (call->generation != cancellation.generation) continue;
    call->cancel_requested = true;
    // One that has ended, but is not collected yet, takes no harm.
    if (call->context) call->context->TryCancel();
  }
}

void LoadGenerator::RetryDue(absl::Duration now) {
  while (!retries_.empty() && retries_.begin()->first <= now) {
    LoadCall* const call = retries_.begin()->second;
    retries_.erase(retries_.begin());
    ++call->attempt;
    Send(call);
    if (call->cancel_requested) call->context->TryCancel();
  }
}

void LoadGenerator::Collect() {
  ended_.Take(&collected_);
  for (LoadCall* call : collected_) {
    if (WillRetry(call)) continue;
    work_.recorder->Ended(Judge(*call));
    last_ended_ = std::max(last_ended_, call->ended);
    call->context.reset();
    free_.push_back(call);
    --in_flight_;
  }
  collected_.clear();
}

bool LoadGenerator::WillRetry(LoadCall* call) {
  if (options_.connection.attempts == 1) return false;
  if (call->code == absl::StatusCode::kOk) {
    retry_policy_.AfterSuccess();
    return false;
  }
  const absl::Duration now = Now();
  const std::optional<absl::Duration> pause =
      retry_policy_.AfterFailure({.number = call->attempt,
                                  .code = call->code,
                                  .pushback_ms = PushbackMs(*call->context),
                                  .remaining = call->intended + options_.connection.timeout - now},
                                 random_.Uniform());
  if (pause) retries_.emplace(now + *pause, call);
  return pause.has_value();
}

LoadOutcome LoadGenerator::Judge(const LoadCall& call) const {
  LoadOutcome outcome = {.method = call.method,
                         .code = call.code,
                         .stage = call.stage,
                         .intended = call.intended,
                         .ended = call.ended,
                         .timeout = options_.connection.timeout + kDeadlineResolution};
  if (call.code != absl::StatusCode::kOk) return outcome;
  if (call.method == LoadMethod::kClassifyBatch) {
    outcome.texts_ok = std::count_if(call.batch.items().begin(), call.batch.items().end(),
                                     [](const auto& item) { return item.has_result(); });
  } else if (call.method == LoadMethod::kClassify || call.method == LoadMethod::kMessage) {
    outcome.texts_ok = 1;
  }
  outcome.wrong = call.plan.fault != Fault::kNone;
  return outcome;
}

void LoadGenerator::Wait(absl::Duration until) {
  const bool full = in_flight_ >= limit_;
  if (next_ && !full && !exhausted_) until = std::min(until, next_->at);
  if (!cancellations_.empty()) until = std::min(until, cancellations_.front().at);
  if (!retries_.empty()) until = std::min(until, retries_.begin()->first);
  const absl::Duration left = until - Now();
  if (left > absl::ZeroDuration()) ended_.Wait(left, /*for_a_call=*/full || exhausted_);
}

}  // namespace verdict
