#include "server/process/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace verdict {

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  const auto failure = [&path] {
    return absl::ErrnoToStatus(errno, absl::StrCat("\"", path, "\""));
  };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return failure();
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat about;
  if (fstat(file, &about) != 0) return failure();
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("\"", path, "\": expected a file, found something else"));
  }
  std::string bytes;
  char buffer[16 << 10];
  while (bytes.size() <= kMaxSmallFileBytes) {
    const ssize_t n = read(file, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure();
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(n));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("\"", path, "\": expected at most ", kMaxSmallFileBytes, " bytes, found more"));
}

}  // namespace verdict
