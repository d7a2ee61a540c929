// A small file that an option names.
#ifndef VERDICT_CLIENT_TEXT_FILE_H_
#define VERDICT_CLIENT_TEXT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace verdict {

// All of the file at `path`; `option` names it in messages.
//
// NOT_FOUND, PERMISSION_DENIED, ...: what the system says. INVALID_ARGUMENT: a directory.
absl::StatusOr<std::string> ReadTextFile(const char* option, const std::string& path);

}  // namespace verdict

#endif  // VERDICT_CLIENT_TEXT_FILE_H_
