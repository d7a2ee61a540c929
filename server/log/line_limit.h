// How many lines callers may cause in the log.
#ifndef VERDICT_SERVER_LOG_LINE_LIMIT_H_
#define VERDICT_SERVER_LOG_LINE_LIMIT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace verdict {

// Lets ten lines pass in any second, at most five of them from one place of the code, so that a
// flood of one kind does not hide the others. It counts the lines that it leaves out, and says now
// and then how many there were: such a report is a line, too, and one of the ten.
//
// Not thread-safe; it knows no clock. Times must not go back.
class LineLimit {
 public:
  static constexpr size_t kLines = 10;
  static constexpr size_t kLinesOfOnePlace = 5;
  static constexpr absl::Duration kPeriod = absl::Seconds(1);

  struct Decision {
    bool pass = false;
    uint64_t report = 0;  // not 0: first say that so many lines were left out since the last report
  };

  // Decides about a line of `place`, any number that stands for a place of the code.
  Decision Decide(uint64_t place, absl::Time now);

  // All lines that were left out.
  uint64_t left_out() const { return left_out_; }

  // How many lines were left out since the last report; from now on they count as reported.
  uint64_t TakeUnreported();

 private:
  static constexpr uint64_t kReport = ~uint64_t{0};  // the place of reports

  struct Line {
    absl::Time time = absl::InfinitePast();
    uint64_t place = 0;
  };

  // How many lines passed in the period before `now`; only those of `place`, if it is given.
  size_t Recent(absl::Time now, std::optional<uint64_t> place) const;
  void Pass(uint64_t place, absl::Time now);

  std::array<Line, kLines> lines_;  // the latest that passed
  size_t oldest_ = 0;
  uint64_t left_out_ = 0;
  uint64_t reported_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_LOG_LINE_LIMIT_H_
