#include "server/log/grpc_refusals.h"

#include <atomic>
#include <cstddef>

#include "absl/strings/match.h"

namespace verdict {
namespace {

std::array<std::atomic<uint64_t>, kAllGrpcRefusals.size()> refusals = {};

}  // namespace

const char* LabelValue(GrpcRefusal refusal) {
  switch (refusal) {
    case GrpcRefusal::kCompression:
      return "compression";
    case GrpcRefusal::kTlsHandshake:
      return "tls_handshake";
  }
  return "";
}

void CountGrpcRefusal(GrpcRefusal refusal) { ++refusals[static_cast<size_t>(refusal)]; }

void CountGrpcRefusalIn(absl::string_view message) {
  if (absl::StartsWith(message, "Compression algorithm ")) {
    CountGrpcRefusal(GrpcRefusal::kCompression);
  } else if (absl::StartsWith(message, "Handshake failed")) {
    CountGrpcRefusal(GrpcRefusal::kTlsHandshake);
  }
}

uint64_t GrpcRefusals(GrpcRefusal refusal) { return refusals[static_cast<size_t>(refusal)]; }

}  // namespace verdict
