// The streams that carry a load's messages.
#ifndef VERDICT_CLIENT_LOAD_STREAMS_H_
#define VERDICT_CLIENT_LOAD_STREAMS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "client/load/call.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {

class LoadStream;

// A few ClassifyStreams, opened when a message needs them, and again when they broke or grew old;
// messages take them in turn. What ends comes back through EndedCalls: each message once, with its
// own outcome or with that of its stream, and each stream once, as a call of kClassifyStream.
//
// For one thread; gRPC's come in by themselves. What it is given must outlive it, and it must
// outlive every stream: Drain, and Forget whatever comes back.
class LoadStreams {
 public:
  struct Options {
    std::vector<v1::Classifier::Stub*> stubs;  // streams take them in turn
    size_t streams = 4;
    bool wait_for_ready = false;
    std::function<absl::Duration()> clock;  // since the start of the load; called in any thread
    EndedCalls* ended = nullptr;
    std::function<void(LoadCall* stream)> opened;  // called in Send

    // A message finds a stream of this age closed and opens another. A server that renews its
    // connections gives their streams 30 s to end: who asks no more of them is never cut off.
    absl::Duration life = absl::Seconds(20);
  };

  explicit LoadStreams(Options options);
  ~LoadStreams();

  // Sends `request` as `message`, whose id is unique and whose stream this sets.
  void Send(LoadCall* message, const v1::ClassifyRequest& request);

  // Ends `message` with DEADLINE_EXCEEDED unless it has ended by itself.
  static void Expire(LoadCall* message);

  // Says to all servers that no more messages come. Streams end when the last one is answered.
  void Drain();

  // Ends them now.
  void Cancel();

  // Destroys a stream that came back.
  void Forget(LoadCall* stream);

  // Streams that have not been forgotten.
  size_t open() const { return all_.size(); }

 private:
  LoadStream* Open(size_t index);

  const Options options_;
  std::vector<LoadStream*> current_;  // the ones that take messages; null where none was needed yet
  std::vector<std::unique_ptr<LoadStream>> all_;
  size_t next_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_STREAMS_H_
