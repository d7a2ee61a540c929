// Counts what is in flight, and refuses what would be too much.
#ifndef VERDICT_SERVER_BATCHING_ADMISSION_H_
#define VERDICT_SERVER_BATCHING_ADMISSION_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/waiting_line.h"
#include "server/metrics/metrics.h"
#include "server/metrics/named_caller.h"

namespace verdict {

// Bounds the memory that callers can make the server hold, whatever they do: gRPC's own limit on
// concurrent calls binds only clients that acknowledge settings, and a flow-controlled reply is
// held for as long as its reader likes. (What the engine can do in time is for the Batcher to say.)
//
// Streams wait for room where calls are refused. So that neither keeps the other out, streams have
// three quarters of the room at most, and while they wait for it, calls leave them a quarter.
//
// Nor does one caller with a name keep the others out: it has half of the room at most, or its part
// if that is more.
//
// A call takes a ticket before it is parsed and keeps it until gRPC lets go of it.
//
// All methods may be called from any thread, and none waits. The metrics must outlive it, and it
// must outlive its tickets.
class Admission {
 public:
  struct Limits {
    // The most texts of calls and stream messages that have come and are not answered yet.
    int64_t max_texts = 4096;
    // The most bytes of their requests. Parsed and tokenized, a request takes a few times as much.
    int64_t max_bytes = int64_t{256} << 20;
  };

  // The right to hold some texts and bytes; the destructor gives it back. It belongs to one thread
  // at a time. A ticket that was moved from, or made by the default constructor, holds nothing.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { GiveBack(); }

    // Takes more, for what shows only later: the texts of a batch, the size of a reply.
    // REQUIRES: Admit gave this ticket.
    //
    // RESOURCE_EXHAUSTED: see Admit; the ticket holds what it held, and all its texts are shed.
    absl::Status Add(int64_t texts, int64_t bytes);

   private:
    friend class Admission;

    Ticket(Admission* admission, const NamedCaller* caller, int64_t texts, int64_t bytes,
           bool of_stream)
        : admission_(admission),
          caller_(caller),
          texts_(texts),
          bytes_(bytes),
          of_stream_(of_stream) {}

    void GiveBack();

    Admission* admission_ = nullptr;
    const NamedCaller* caller_ = nullptr;  // null: it has all the room there is
    int64_t texts_ = 0;
    int64_t bytes_ = 0;
    bool of_stream_ = false;
  };

  // How long it takes until a part, from 0 to 1, of the work that waits is done.
  using TimeUntilDone = std::function<absl::Duration(double part)>;

  // Without `time_until_done`, a refused caller is told to try again in a second. `line` is told
  // when there is room that streams wait for. It may be null, and must outlive this.
  Admission(Limits limits, Metrics* metrics, TimeUntilDone time_until_done = nullptr,
            WaitingLine* line = nullptr);

  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // RESOURCE_EXHAUSTED, with a Refusal: so many more texts or bytes do not fit now; counted as
  // shed, one text where it is not known yet how many there are.
  absl::StatusOr<Ticket> Admit(int64_t texts, int64_t bytes,
                               const NamedCaller& caller = AnyCaller());

  // The same for one text of a stream; nothing if it does not fit now.
  std::optional<Ticket> AdmitOfStream(int64_t bytes, const NamedCaller& caller = AnyCaller());

  // RESOURCE_EXHAUSTED: so many bytes do not fit even if nothing else is in flight.
  absl::Status CheckSize(int64_t bytes) const;

 private:
  // One of the limits.
  struct Limit {
    const char* unit;
    const char* option;
    int64_t most;
  };

  // Of one caller.
  struct InFlight {
    std::atomic<int64_t> texts = 0;
    std::atomic<int64_t> bytes = 0;
  };

  absl::Status Take(int64_t texts, int64_t bytes, const NamedCaller* caller);
  absl::Status TakeOfAll(int64_t texts, int64_t bytes);
  bool TakeOfStream(int64_t bytes, const NamedCaller* caller);
  bool TakeOfStreams(int64_t bytes);
  // Of the caller's room alone.
  bool TakeOfCaller(int64_t texts, int64_t bytes, const NamedCaller* caller);
  void GiveBackOfCaller(int64_t texts, int64_t bytes, const NamedCaller* caller);
  // How much of `most` calls must leave to streams, which have `taken`.
  int64_t KeptForStreams(int64_t most, int64_t taken) const;
  absl::Status TooMuch(const Limit& limit, int64_t more, int64_t in_flight) const;
  void CountShed(int64_t texts);

  const Limits limits_;
  Metrics* const metrics_;
  const TimeUntilDone time_until_done_;
  std::atomic<int64_t> tickets_ = 0;
  WaitingLine* const line_;
  // Of all.
  std::atomic<int64_t> texts_ = 0;
  std::atomic<int64_t> bytes_ = 0;
  std::array<InFlight, kMostCallers> of_callers_ = {};  // by index
  // Of streams.
  std::atomic<int64_t> stream_texts_ = 0;
  std::atomic<int64_t> stream_bytes_ = 0;
  // A stream found no room, and none has found any since.
  std::atomic<bool> streams_wait_ = false;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_BATCHING_ADMISSION_H_
