// Files that configure the server and may change while it runs: certificates, tokens.
#ifndef VERDICT_SERVER_PROCESS_SMALL_FILE_H_
#define VERDICT_SERVER_PROCESS_SMALL_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace verdict {

inline constexpr size_t kMaxSmallFileBytes = 1 << 20;

// What the regular file at `path` holds; never waits for anybody, as a pipe would.
//
// NOT_FOUND, PERMISSION_DENIED and so on: it cannot be read. FAILED_PRECONDITION: not a regular
// file, or more than kMaxSmallFileBytes. The message names the path.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace verdict

#endif  // VERDICT_SERVER_PROCESS_SMALL_FILE_H_
