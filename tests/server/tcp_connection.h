// A plain TCP client, for what no client of gRPC or HTTP would do.
#ifndef VERDICT_TESTS_SERVER_TCP_CONNECTION_H_
#define VERDICT_TESTS_SERVER_TCP_CONNECTION_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace verdict {

class TcpConnection {
 public:
  // Connects to 127.0.0.1:`port`, and fails the test if it cannot.
  explicit TcpConnection(int port);
  ~TcpConnection();

  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  void Write(const std::string& bytes) const;

  // Waits for `count` bytes; fewer only when the server has closed, or said nothing for 30 seconds.
  std::string Read(size_t count) const;

  // What comes until the server closes, or says nothing for 30 seconds.
  std::string ReadAll() const;

  // Sends a byte, again and again, until the server closes; false when it has not by `deadline`.
  bool TrickleUntilClosed(absl::Time deadline) const;

 private:
  int socket_ = -1;
};

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_TCP_CONNECTION_H_
