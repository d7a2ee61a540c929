#include "proto/duration.h"

#include <algorithm>
#include <cstdint>

namespace verdict {

void SetDuration(absl::Duration duration, google::protobuf::Duration* to) {
  duration = std::max(duration, absl::ZeroDuration());
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
  to->set_seconds(seconds);
  to->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
}

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace verdict
