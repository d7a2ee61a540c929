#include "engine/files/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/types/span.h"

namespace verdict {
namespace {

// Large enough that system calls do not count, small enough to stay in the L2 cache.
constexpr uint64_t kReadBytes = 512 * 1024;

// One digest in the making. OpenSSL's EVP interface picks the CPU's SHA
// instructions where it has them, which is several times as fast.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    ok_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }

  void Update(std::string_view bytes) {
    ok_ = ok_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }

  absl::StatusOr<std::string> Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    ok_ = ok_ && EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1;
    if (!ok_) return absl::InternalError("SHA-256 is not available from the cryptography library");
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool ok_;
};

}  // namespace

absl::StatusOr<std::string> Sha256(std::string_view bytes) {
  Digest digest;
  digest.Update(bytes);
  return digest.Finish();
}

absl::StatusOr<std::string> Sha256(const File& file) {
  Digest digest;
  std::vector<char> buffer(std::min(file.size(), kReadBytes));
  for (uint64_t offset = 0; offset < file.size(); offset += buffer.size()) {
    const uint64_t bytes = std::min<uint64_t>(buffer.size(), file.size() - offset);
    absl::Status status = file.ReadAt(offset, absl::MakeSpan(buffer.data(), bytes));
    if (!status.ok()) return status;
    digest.Update(std::string_view(buffer.data(), bytes));
  }
  return digest.Finish();
}

}  // namespace verdict
