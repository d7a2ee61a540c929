// The collector that takes spans, over HTTP.
#ifndef VERDICT_SERVER_TRACING_EXPORT_COLLECTOR_H_
#define VERDICT_SERVER_TRACING_EXPORT_COLLECTOR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace verdict {

// Where a collector listens.
struct CollectorAddress {
  std::string host;  // a name, or an address without brackets
  std::string port;
  std::string path;  // of traces: "/v1/traces", behind what the endpoint has
};

// Of an endpoint as OpenTelemetry writes it: "http://HOST:4318", perhaps with a path, to which
// "/v1/traces" is added. Without a port it is 4318.
//
// INVALID_ARGUMENT: it is something else, such as https: a collector beside the server adds TLS.
absl::StatusOr<CollectorAddress> ParseCollector(absl::string_view endpoint);

// Posts to a collector, each time over a connection of its own. Post belongs to one thread, Stop to
// any.
class Collector {
 public:
  explicit Collector(CollectorAddress address);
  ~Collector();

  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // Sends `body`, which is JSON, and waits for the answer, `timeout` at most for all of it. What it
  // returns is the answer's body.
  //
  // DEADLINE_EXCEEDED: it took longer. UNAVAILABLE: there is no collector, it closed the
  // connection, or its status is not 2xx; the message says which. CANCELLED: Stop was called.
  absl::StatusOr<std::string> Post(std::string body, absl::Duration timeout);

  // Ends a Post that is waiting, and those to come.
  void Stop();

 private:
  class Exchange;
  class Impl;

  const std::unique_ptr<Impl> impl_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRACING_EXPORT_COLLECTOR_H_
