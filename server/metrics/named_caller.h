// Who calls, by the name of the bearer token.
#ifndef VERDICT_SERVER_METRICS_NAMED_CALLER_H_
#define VERDICT_SERVER_METRICS_NAMED_CALLER_H_

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

namespace verdict {

// One of the callers that whoever runs the server has named (BearerTokens reads them), or all who
// have no name. A name is a label, a word of the log, and a claim to a part of the engine's time.
// Lives as long as the server; from any thread.
class NamedCaller {
 public:
  // So much more than bulk's an interactive caller's share weighs: bulk does not starve.
  static constexpr double kInteractive = 16;

  // What a caller may claim.
  struct Claim {
    // Of the engine's time, against those of others who want it at the same time: its share by the
    // mean share, times kInteractive unless it is of priority `bulk`.
    double weight = kInteractive;
    // Of what may wait: its share by the shares of all in the file.
    double part = 1;
  };

  NamedCaller(size_t index, std::string name) : index_(index), name_(std::move(name)) {}

  // Its number, from 0 on; 0 has no name.
  size_t index() const { return index_; }
  // Empty: it has none.
  const std::string& name() const { return name_; }

  double weight() const { return weight_.load(std::memory_order_relaxed); }
  double part() const { return part_.load(std::memory_order_relaxed); }

  // The file has changed.
  void Set(const Claim& claim) {
    weight_.store(claim.weight, std::memory_order_relaxed);
    part_.store(claim.part, std::memory_order_relaxed);
  }

 private:
  const size_t index_;
  const std::string name_;
  std::atomic<double> weight_ = Claim().weight;
  std::atomic<double> part_ = Claim().part;
};

// The most callers of a server, the one without a name included.
inline constexpr size_t kMostCallers = 65;

// Who calls where nobody has a name.
inline const NamedCaller& AnyCaller() {
  static const NamedCaller any(0, "");
  return any;
}

}  // namespace verdict

#endif  // VERDICT_SERVER_METRICS_NAMED_CALLER_H_
