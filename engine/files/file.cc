#include "engine/files/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

absl::Status OpenError(const std::string& path, int error) {
  const std::string message = absl::StrCat(path, ": cannot be opened: ", std::strerror(error));
  // A path through something that is no directory leads to no file either.
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  return absl::Status(absl::ErrnoToStatusCode(error), message);
}

// What a clone without Git LFS leaves in place of a large file: a text of some 130 bytes.
constexpr char kGitLfsPointer[] = "version https://git-lfs.github.com/spec/";
constexpr uint64_t kMaxGitLfsPointerBytes = 1024;

bool IsGitLfsPointer(int descriptor, uint64_t size) {
  constexpr size_t kBytes = sizeof(kGitLfsPointer) - 1;
  if (size < kBytes || size > kMaxGitLfsPointerBytes) return false;
  char begin[kBytes];
  return pread(descriptor, begin, kBytes, 0) == static_cast<ssize_t>(kBytes) &&
         std::memcmp(begin, kGitLfsPointer, kBytes) == 0;
}

}  // namespace

absl::StatusOr<File> File::Open(const std::string& path) {
  File file;
  file.path_ = path;
  // O_NONBLOCK: opening a FIFO must not wait for a writer; it means nothing to a regular file.
  file.descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.descriptor_ < 0) return OpenError(path, errno);
  struct stat status;
  if (fstat(file.descriptor_, &status) != 0) return OpenError(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": expected a regular file, found ",
                     S_ISDIR(status.st_mode) ? "a directory" : "a device, pipe or socket"));
  }
  file.size_ = static_cast<uint64_t>(status.st_size);
  file.modified_ = status.st_mtim;
  if (IsGitLfsPointer(file.descriptor_, file.size_)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     ": is a Git LFS pointer, not the file itself: run `git lfs install` and `git "
                     "lfs pull` in the clone that it comes from"));
  }
  return file;
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      modified_(other.modified_) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(modified_, other.modified_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status File::ReadAt(uint64_t offset, absl::Span<char> buffer) const {
  if (offset > size_ || buffer.size() > size_ - offset) {
    return absl::OutOfRangeError(absl::StrCat(path_, ": ", buffer.size(), " bytes from byte ",
                                              offset, " on pass its end at ", size_));
  }
  if (absl::Status status = CheckUnchanged(); !status.ok()) return status;
  size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t got = pread(descriptor_, buffer.data() + done, buffer.size() - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::UnavailableError(absl::StrCat(path_, ": cannot be read at byte ", offset + done,
                                                 ": ", std::strerror(errno)));
    }
    if (got == 0) break;  // cut short meanwhile: CheckUnchanged tells
    done += static_cast<size_t>(got);
  }
  if (absl::Status status = CheckUnchanged(); !status.ok()) return status;
  if (done < buffer.size()) {
    return absl::UnavailableError(
        absl::StrCat(path_, ": ended at byte ", offset + done, " though its size is ", size_));
  }
  return absl::OkStatus();
}

absl::Status File::CheckUnchanged() const {
  struct stat now;
  if (fstat(descriptor_, &now) != 0) {
    return absl::UnavailableError(
        absl::StrCat(path_, ": cannot be examined: ", std::strerror(errno)));
  }
  if (static_cast<uint64_t>(now.st_size) != size_) {
    return absl::UnavailableError(absl::StrCat(path_, ": changed while it was read: it had ", size_,
                                               " bytes when opened, and has ", now.st_size));
  }
  if (now.st_mtim.tv_sec != modified_.tv_sec || now.st_mtim.tv_nsec != modified_.tv_nsec) {
    return absl::UnavailableError(absl::StrCat(path_, ": was written to while it was read"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, uint64_t max_bytes) {
  absl::StatusOr<File> file = File::Open(path);
  if (!file.ok()) return file.status();
  if (file->size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has ", file->size(), " bytes, expected at most ", max_bytes));
  }
  std::string text(file->size(), '\0');
  if (absl::Status status = file->ReadAt(0, absl::MakeSpan(text)); !status.ok()) return status;
  return text;
}

}  // namespace verdict
