// Classifies any number of texts, in order, a few calls at a time.
#ifndef VERDICT_CLIENT_BULK_CLASSIFIER_H_
#define VERDICT_CLIENT_BULK_CLASSIFIER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

struct BulkOptions {
  v1::Options classify = {};  // for all texts

  // What is under way is bounded by calls times bytes: some 8,000 tokens, which a slow server still
  // computes well within the default deadline, and enough to keep a fast one busy.
  size_t calls_in_flight = 4;
  size_t texts_per_call = 32;
  size_t bytes_per_call = 8192;  // a longer text goes alone
};

// What became of one text.
struct Outcome {
  uint64_t number = 0;             // that it was added with
  std::optional<v1::Input> input;  // as it was added, if it was one
  absl::StatusOr<v1::ClassifyResponse> result;
};

// Collects texts into calls of bounded size and hands out their outcomes in the order of the texts,
// in the thread that calls Add and Drain. Memory is bounded by what is under way.
//
// A text that is refused is an outcome. A server that is gone, fails or takes too long is an error
// of Add or Drain; what was handed out before stays valid, and nothing can be added any more.
//
// Not thread-safe. The client must outlive it.
class BulkClassifier {
 public:
  BulkClassifier(const Client* client, BulkOptions options, std::function<void(Outcome)> done);

  // Adds a text, or in its place why it is none, which becomes its outcome; `number` is the
  // caller's. May wait for earlier ones, and hand out their outcomes.
  absl::Status Add(uint64_t number, absl::StatusOr<v1::Input> input);

  // Waits for all that was added, and hands out every outcome.
  absl::Status Drain();

 private:
  using Results = absl::StatusOr<v1::ClassifyBatchResponse>;

  struct Text {
    uint64_t number;
    absl::StatusOr<v1::Input> input;
  };

  struct Call {
    std::vector<Text> texts;
    std::future<Results> results;  // of those that are texts; none if none is
  };

  // Starts the call for the texts that were collected.
  absl::Status Send();

  // Waits for the oldest call.
  absl::Status Collect();

  const Client* const client_;
  const BulkOptions options_;
  const std::function<void(Outcome)> done_;

  std::vector<Text> texts_;  // not sent yet
  size_t bytes_ = 0;         // of texts_
  std::deque<Call> calls_;   // in the order of their texts
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_BULK_CLASSIFIER_H_
