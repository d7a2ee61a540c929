#include "server/open_streams.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/classify_stream_call.h"

namespace verdict {

bool OpenStreams::Add(const std::shared_ptr<ClassifyStreamCall>& stream) {
  absl::MutexLock lock(&mutex_);
  if (!draining_) streams_.emplace(stream.get(), stream);
  return !draining_;
}

void OpenStreams::Remove(ClassifyStreamCall* stream) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void OpenStreams::Drain() {
  // A stream that is in here can end at any time, but is not freed.
  std::vector<std::shared_ptr<ClassifyStreamCall>> streams;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    for (const auto& [_, stream] : streams_) {
      if (auto alive = stream.lock(); alive != nullptr) streams.push_back(std::move(alive));
    }
  }
  for (const auto& stream : streams) stream->Fail(absl::UnavailableError("the server is draining"));
}

}  // namespace verdict
