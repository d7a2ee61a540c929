// Settings of the HTTP port: how long clients may take, and whose pages may call.
#ifndef VERDICT_SERVER_HTTP_SETTINGS_H_
#define VERDICT_SERVER_HTTP_SETTINGS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "server/http/origins.h"

namespace verdict {

// Each limit is for the whole step, however little data comes or goes at a time. Bodies and replies
// may take longer as they go on: a second for each kLeastBytesPerSecond that have gone through, up
// to `most`.
struct HttpPatience {
  static constexpr int64_t kLeastBytesPerSecond = 10'000;

  absl::Duration headers = absl::Seconds(2);  // from the connection, or their first byte, on
  absl::Duration idle = absl::Seconds(60);    // between two requests of one connection
  absl::Duration body = absl::Seconds(3);
  absl::Duration reply = absl::Seconds(5);
  absl::Duration most = absl::Seconds(60);
  absl::Duration discard = absl::Seconds(1);  // for what no route reads of a body

  // The time for a body or a reply, of which `bytes` have gone through.
  absl::Duration Of(absl::Duration patience, uint64_t bytes) const {
    const absl::Duration for_bytes =
        absl::Microseconds(1'000'000 * static_cast<double>(bytes) / kLeastBytesPerSecond);
    return std::max(patience, std::min(patience + for_bytes, most));
  }
};

struct HttpSettings {
  HttpPatience patience = {};
  HttpOrigins origins = {};
  // Told of every reply before it is sent: HttpRouter::Name of its request's path, and the status.
  // Runs on the thread of all connections, so it must be quick.
  std::function<void(const std::string& route, int status)> on_reply = nullptr;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_HTTP_SETTINGS_H_
