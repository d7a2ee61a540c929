#include "server/transport/open_streams.h"

#include <utility>
#include <vector>

#include "server/contract/error_reason.h"

namespace verdict {
namespace {

absl::Status TooOld() {
  return WithReason(
      absl::UnavailableError(
          "the stream has lived as long as this server lets one live, so that callers spread over "
          "all servers: open another, and send again what has no reply"),
      v1::CONNECTION_AGE);
}

}  // namespace

bool OpenStreams::Add(const std::shared_ptr<OpenStream>& stream) {
  absl::MutexLock lock(&mutex_);
  if (!draining_) streams_.emplace(stream.get(), stream);
  return !draining_;
}

void OpenStreams::Remove(OpenStream* stream) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void OpenStreams::Drain() {
  std::vector<std::shared_ptr<OpenStream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    streams = Alive();
  }
  for (const auto& stream : streams) stream->Fail(Draining());
}

void OpenStreams::EndOpenedBefore(absl::Time time) {
  std::vector<std::shared_ptr<OpenStream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    streams = Alive();
  }
  for (const auto& stream : streams) {
    if (stream->opened() < time) stream->Fail(TooOld());
  }
}

int OpenStreams::CancelStalled(absl::Time since) {
  std::vector<std::shared_ptr<OpenStream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    streams = Alive();
  }
  int cancelled = 0;
  for (const auto& stream : streams) {
    if (stream->CancelIfStalled(since)) ++cancelled;
  }
  return cancelled;
}

std::vector<std::shared_ptr<OpenStream>> OpenStreams::Alive() const {
  std::vector<std::shared_ptr<OpenStream>> streams;
  for (const auto& [_, stream] : streams_) {
    if (auto alive = stream.lock(); alive != nullptr) streams.push_back(std::move(alive));
  }
  return streams;
}

}  // namespace verdict
