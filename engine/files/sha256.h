// SHA-256 digests, in hexadecimal.
#ifndef VERDICT_ENGINE_FILES_SHA256_H_
#define VERDICT_ENGINE_FILES_SHA256_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/files/file.h"

namespace verdict {

// INTERNAL: the cryptography library has no SHA-256.
absl::StatusOr<std::string> Sha256(std::string_view bytes);

// Of the whole of `file`. Also as File::ReadAt.
absl::StatusOr<std::string> Sha256(const File& file);

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_SHA256_H_
