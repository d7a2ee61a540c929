// How a load is going, on a terminal.
#ifndef VERDICT_CLIENT_LOAD_DISPLAY_H_
#define VERDICT_CLIENT_LOAD_DISPLAY_H_

#include <cstddef>
#include <cstdio>
#include <string>

#include "absl/time/time.h"
#include "client/load/recorder.h"

namespace verdict {

// One line: of the last whole second what was offered, the goodput and the latencies, and of the
// whole load so far the codes.
std::string LoadLine(const LoadRecorder& recorder, absl::Duration elapsed, size_t in_flight);

// Draws the line on `stream` over and over, twice a second; nothing at all without a stream.
//
// Not thread-safe.
class LoadDisplay {
 public:
  explicit LoadDisplay(std::FILE* stream) : stream_(stream) {}
  ~LoadDisplay() { Clear(); }

  LoadDisplay(const LoadDisplay&) = delete;
  LoadDisplay& operator=(const LoadDisplay&) = delete;

  void Update(const LoadRecorder& recorder, absl::Duration elapsed, size_t in_flight);

  // Makes room for another line on the same terminal.
  void Clear();

 private:
  std::FILE* const stream_;
  absl::Duration drawn_ = -absl::InfiniteDuration();
  bool visible_ = false;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_DISPLAY_H_
