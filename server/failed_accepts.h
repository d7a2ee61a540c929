// What gRPC's log tells of its listeners.
#ifndef VERDICT_SERVER_FAILED_ACCEPTS_H_
#define VERDICT_SERVER_FAILED_ACCEPTS_H_

#include <cstdint>

namespace verdict {

// How often gRPC has said since the start that it could not accept a connection, as when it has no
// file descriptor left. Needs StartLogging. From any thread.
int64_t FailedAccepts();

}  // namespace verdict

#endif  // VERDICT_SERVER_FAILED_ACCEPTS_H_
