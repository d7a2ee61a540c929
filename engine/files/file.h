// A regular file, read with pread.
#ifndef VERDICT_ENGINE_FILES_FILE_H_
#define VERDICT_ENGINE_FILES_FILE_H_

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace verdict {

// An open file of a model directory. It is read, never mapped: a mapped file that is cut short
// later kills the process.
//
// Immutable after Open; ReadAt may be called from any thread.
class File {
 public:
  // Opens the regular file `path`, following symbolic links.
  //
  // NOT_FOUND: there is none. FAILED_PRECONDITION: it is not a regular file, or a Git LFS pointer.
  // Otherwise the code of the system's error.
  static absl::StatusOr<File> Open(const std::string& path);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  const std::string& path() const { return path_; }

  // In bytes, when it was opened.
  uint64_t size() const { return size_; }

  // Fills `buffer` with the bytes from `offset` on.
  //
  // OUT_OF_RANGE: the range passes the end. UNAVAILABLE: the file could not be read, or is no
  // longer as it was when opened (its size or its time of modification).
  absl::Status ReadAt(uint64_t offset, absl::Span<char> buffer) const;

 private:
  File() = default;

  absl::Status CheckUnchanged() const;

  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  std::timespec modified_ = {};
};

// The whole of the file `path`, which may hold at most `max_bytes`.
//
// As File::Open and ReadAt; INVALID_ARGUMENT: it is larger.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, uint64_t max_bytes);

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_FILE_H_
