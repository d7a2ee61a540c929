// Durations as messages have them.
#ifndef VERDICT_PROTO_DURATION_H_
#define VERDICT_PROTO_DURATION_H_

#include <google/protobuf/duration.pb.h>

#include "absl/time/time.h"

namespace verdict {

// Rounded down to nanoseconds; never negative.
void SetDuration(absl::Duration duration, google::protobuf::Duration* to);

absl::Duration ToAbsl(const google::protobuf::Duration& duration);

}  // namespace verdict

#endif  // VERDICT_PROTO_DURATION_H_
