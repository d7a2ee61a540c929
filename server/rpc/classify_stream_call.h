// A ClassifyStream call.
#ifndef VERDICT_SERVER_RPC_CLASSIFY_STREAM_CALL_H_
#define VERDICT_SERVER_RPC_CLASSIFY_STREAM_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/process/look_timer.h"
#include "server/rpc/caller.h"
#include "server/rpc/serving.h"
#include "server/tracing/followed_call.h"
#include "server/transport/bytes_service.h"
#include "server/transport/open_streams.h"

namespace verdict {

namespace unchecked::v1 {
class ClassifyRequest;
}  // namespace unchecked::v1

namespace v1 {
class ClassifyResponse;
}  // namespace v1

// A stream of texts. Each message is answered, under its id, as soon as its text is done or
// refused; so replies may come in another order than messages.
//
// A message is open from when it is read until its reply is written. At most kMostOpen messages are
// open: then the stream is not read, and HTTP/2's flow control stops its client. So a client that
// does not read its replies costs the server at most those. A large reply counts as bytes in flight
// until it is written.
//
// A message that does not fit now, because too much is in flight or the streams have enough waiting
// for the engine, is not refused: it waits in the WaitingLine, and the stream is not read until the
// message is taken. Only a text that would be late, or that exceeds a limit by itself, is refused.
//
// The end is decided once: when the client half-closes, sends bytes that do not parse, or leaves,
// when its token is not valid any more, or when the server drains. From then on nothing is read,
// and the status is sent as soon as no message is open.
//
// Threads: gRPC runs the reactions, perhaps several at a time; results come on the engine's thread,
// a drain's, or one of SlicedWork's; the line's thread takes messages that waited. Each decides
// under the lock what comes next, and starts it without the lock. The end is never started during a
// write, nor while a message is taken; a read is started only in a reaction, which OnDone waits
// for, or while a message is taken. So the stream is alive whenever a read or a write is started.
// Whoever starts the end must not touch the stream afterwards.
class ClassifyStreamCall final : public BytesReactor,
                                 public OpenStream,
                                 public std::enable_shared_from_this<ClassifyStreamCall> {
 public:
  // A batch is ten to forty texts of usual length: enough for one in the engine and one that waits,
  // if this is the only stream.
  static constexpr int kMostOpen = 64;

  // Owns itself until OnDone. What `serving` points to must outlive it.
  static ClassifyStreamCall* New(const Serving& serving, grpc::CallbackServerContext* context);

  // Reads the first message of `named`.
  void Read(const NamedCaller* named) ABSL_LOCKS_EXCLUDED(mutex_);

  void Fail(const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_);
  bool CancelIfStalled(absl::Time since) override ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Time opened() const override { return caller_.arrival(); }

  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnCancel() override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnDone() override;

 private:
  struct Message;
  struct Arrived;

  // To be written.
  struct Reply {
    grpc::ByteBuffer bytes;
    Admission::Ticket ticket;  // of one that is large
  };

  // What is to be started next, without the lock; at most one of them.
  struct Next {
    bool write = false;
    std::optional<absl::Status> end;
    std::deque<Reply> dropped;  // what nobody reads: its tickets are given back without the lock
  };

  ClassifyStreamCall(const Serving& serving, grpc::CallbackServerContext* context);

  void Receive() ABSL_LOCKS_EXCLUDED(mutex_);
  void TakeInTurn();
  absl::Status CheckTokenAgain();
  // Takes the message that has arrived, unless there is no room; false if it still waits. On the
  // thread that received it, or then on the line's.
  bool TakeArrived() ABSL_LOCKS_EXCLUDED(mutex_);
  bool Take(const Arrived& arrived) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Submit(const unchecked::v1::ClassifyRequest& request,
                      const std::shared_ptr<Message>& message);
  void Answer(const absl::StatusOr<v1::ClassifyResponse>& answer, Admission::Ticket ticket,
              Message* message) ABSL_LOCKS_EXCLUDED(mutex_);
  // Counts and tells of a message's end; what its caller saw of it.
  void EndMessage(absl::StatusCode code, Message* message);

  void DecideEnd(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Abandon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountText(absl::StatusCode code) const;
  bool ShouldRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Next Decide() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(const Next& next) ABSL_LOCKS_EXCLUDED(mutex_);
  void ReadOn() ABSL_LOCKS_EXCLUDED(mutex_);

  const Serving& serving_;
  grpc::CallbackServerContext* const context_;
  Caller caller_;
  FollowedCall followed_;
  LookTimer token_timer_;                     // of the reaction that reads
  std::shared_ptr<ClassifyStreamCall> self_;  // until OnDone
  grpc::ByteBuffer incoming_;                 // of the read in progress
  Reply outgoing_;                            // of the write in progress
  std::unique_ptr<Arrived> arrived_;          // while reading_, of the thread that takes it

  absl::Mutex mutex_;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // until what was read is submitted or refused
  bool taking_ ABSL_GUARDED_BY(mutex_) = false;   // what was read, just now
  bool waits_ ABSL_GUARDED_BY(mutex_) = false;    // what was read, for its turn
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time write_began_ ABSL_GUARDED_BY(mutex_);  // of the latest write
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelling_ ABSL_GUARDED_BY(mutex_) = false;          // and so must not end yet
  int starting_reads_ ABSL_GUARDED_BY(mutex_) = 0;           // by who took a message
  int open_ ABSL_GUARDED_BY(mutex_) = 0;                     // messages
  std::deque<Reply> replies_ ABSL_GUARDED_BY(mutex_);        // to be written
  std::deque<Reply> dropped_ ABSL_GUARDED_BY(mutex_);        // see Next
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);  // once decided
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_RPC_CLASSIFY_STREAM_CALL_H_
