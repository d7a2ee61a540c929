// Shows ThreadSanitizer the locks of Debian's abseil, which is compiled without it: otherwise every
// member that an absl::Mutex guards looks like a race. Linked into everything of the tsan preset,
// which is for Debian 12: newer versions of abseil define some of these functions in the header.
//
// These definitions come before the shared library's, announce the lock, and call the library's
// own. What runs between an announcement's two halves, such as the conditions of other waiters, is
// ignored.
//
// gRPC calls them too, through the same symbols. It also waits on its locks in ways that are not
// seen here, so announcing those would report double locks that are none. What gRPC orders by them
// does count: a call that is handed to it on one thread comes back on another. So each of its lock
// operations is a release and an acquire of one tag, which may hide a race between two threads that
// both came out of gRPC, and nothing else.
#include "absl/synchronization/mutex.h"

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <algorithm>
#include <string>
#include <vector>

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

// Where the linker put the code of the executable; all of ours is in it.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name
extern "C" const char __executable_start;
extern "C" const char etext;

// Whether the code at this address is of a shared library.
bool InLibrary(const void* address) { return address < &__executable_start || address >= &etext; }

// The locks that this thread holds and has announced.
thread_local std::vector<const absl::Mutex*> announced;

char libraries_order;

void OrderAsLibrariesDo() {
  __tsan_release(&libraries_order);
  __tsan_acquire(&libraries_order);
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto real = Real<void (*)(Mutex*)>("_ZN4absl@5Mutex4LockEv");
  if (InLibrary(__builtin_return_address(0))) {
    real(this);
    return OrderAsLibrariesDo();
  }
  __tsan_mutex_pre_lock(this, 0);
  real(this);
  __tsan_mutex_post_lock(this, 0, 0);
  announced.push_back(this);
}

void Mutex::Unlock() {
  static const auto real = Real<void (*)(Mutex*)>("_ZN4absl@5Mutex6UnlockEv");
  // Not by its caller: a library's last statement before it returns to us looks like our own.
  const auto mutex = std::find(announced.begin(), announced.end(), this);
  if (mutex == announced.end()) {
    OrderAsLibrariesDo();
    return real(this);
  }
  announced.erase(mutex);
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
