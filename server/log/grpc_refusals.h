// Counts what gRPC refuses before a handler of ours sees it.
#ifndef VERDICT_SERVER_LOG_GRPC_REFUSALS_H_
#define VERDICT_SERVER_LOG_GRPC_REFUSALS_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace verdict {

// The label `reason` of verdict_grpc_refused_total.
enum class GrpcRefusal {
  kCompression,   // a compressed message: UNIMPLEMENTED
  kTlsHandshake,  // a connection that is no TLS, or shows no certificate that we know
};

// All of them, each at its own number.
inline constexpr std::array kAllGrpcRefusals = {GrpcRefusal::kCompression,
                                                GrpcRefusal::kTlsHandshake};

// As Prometheus sees it.
const char* LabelValue(GrpcRefusal refusal);

// Counts one. gRPC tells the process, not a server, so that the process is what is counted. From
// any thread.
void CountGrpcRefusal(GrpcRefusal refusal);

// The same, if `message`, a line of gRPC's own log, tells of a refusal: gRPC 1.51 shows such calls
// to nobody else, interceptors included.
void CountGrpcRefusalIn(absl::string_view message);

// How many there were since the start of the process.
uint64_t GrpcRefusals(GrpcRefusal refusal);

}  // namespace verdict

#endif  // VERDICT_SERVER_LOG_GRPC_REFUSALS_H_
