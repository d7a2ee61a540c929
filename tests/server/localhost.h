// Whether names of this machine are known.
#ifndef VERDICT_TESTS_SERVER_LOCALHOST_H_
#define VERDICT_TESTS_SERVER_LOCALHOST_H_

#include <netdb.h>

namespace verdict {

// False in a bare root without /etc/hosts.
inline bool KnowsLocalhost() {
  addrinfo* found = nullptr;
  if (getaddrinfo("localhost", nullptr, nullptr, &found) != 0) return false;
  freeaddrinfo(found);
  return true;
}

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_LOCALHOST_H_
