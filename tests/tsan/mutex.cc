// Shows ThreadSanitizer the locks of Debian's abseil, which is compiled without it: otherwise every
// member that an absl::Mutex guards looks like a race. Linked into everything of the tsan preset.
//
// These definitions come before the shared library's, announce the lock, and call the library's
// own. What runs between an announcement's two halves, such as the conditions of other waiters, is
// ignored.
#include "absl/synchronization/mutex.h"

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <string>

#include "absl/base/config.h"
#include "absl/time/time.h"

#define VERDICT_TEXT_OF(x) #x
#define VERDICT_TEXT(x) VERDICT_TEXT_OF(x)

namespace {

// The library's function of absl::Mutex with this mangled name and parameters.
template <typename Function>
Function Real(const char* mangled) {
  const std::string version = VERDICT_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string length = std::to_string(version.size());
  std::string symbol = mangled;
  for (size_t at; (at = symbol.find('@')) != std::string::npos;) {
    symbol.replace(at, 1, length + version);
  }
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, symbol.c_str()));
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto real = Real<void (*)(Mutex*)>("_ZN4absl@5Mutex4LockEv");
  __tsan_mutex_pre_lock(this, 0);
  real(this);
  __tsan_mutex_post_lock(this, 0, 0);
}

void Mutex::Unlock() {
  static const auto real = Real<void (*)(Mutex*)>("_ZN4absl@5Mutex6UnlockEv");
  __tsan_mutex_pre_unlock(this, 0);
  real(this);
  __tsan_mutex_post_unlock(this, 0);
}

// Waiting lets go of the lock and takes it again.
void Mutex::Await(const Condition& condition) {
  static const auto real =
      Real<void (*)(Mutex*, const Condition*)>("_ZN4absl@5Mutex5AwaitERKNS0_9ConditionE");
  __tsan_mutex_pre_unlock(this, 0);
  __tsan_mutex_post_unlock(this, 0);
  __tsan_mutex_pre_lock(this, 0);
  real(this, &condition);
  __tsan_mutex_post_lock(this, 0, 0);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, absl::Time deadline) {
  static const auto real = Real<bool (*)(Mutex*, const Condition*, absl::Time)>(
      "_ZN4absl@5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  __tsan_mutex_pre_unlock(this, 0);
  __tsan_mutex_post_unlock(this, 0);
  __tsan_mutex_pre_lock(this, 0);
  const bool met = real(this, &condition, deadline);
  __tsan_mutex_post_lock(this, 0, 0);
  return met;
}

ABSL_NAMESPACE_END
}  // namespace absl
