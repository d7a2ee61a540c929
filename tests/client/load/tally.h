// What tests ask a MethodTally.
#ifndef VERDICT_TESTS_CLIENT_LOAD_TALLY_H_
#define VERDICT_TESTS_CLIENT_LOAD_TALLY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "client/load/recorder.h"

namespace verdict {

// The calls that ended with `code`.
inline uint64_t Codes(const MethodTally& tally, absl::StatusCode code) {
  return tally.codes[static_cast<size_t>(code)];
}

}  // namespace verdict

#endif  // VERDICT_TESTS_CLIENT_LOAD_TALLY_H_
