// Tells people early that there is no connection.
#ifndef VERDICT_CLIENT_CLI_CONNECTION_NOTICE_H_
#define VERDICT_CLIENT_CLI_CONNECTION_NOTICE_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/client_options.h"

namespace verdict {

// What keeps a connection from being made, of what gRPC says about it: "connection refused". Words
// that are not known are left as they are.
std::string ConnectionFault(absl::string_view message);

// A call that finds no server is tried again for seconds. While it lives, the notice watches the
// connections in a thread of its own, and says once on `stream` what the first attempt came to, and
// what is tried next; where no attempt ends, it says so when `patience` has passed. It is silent
// when there is a connection, and when a first failure is the last: the command says that.
class ConnectionNotice {
 public:
  struct Options {
    ClientOptions connection;
    std::FILE* stream = stderr;
    absl::Duration patience = absl::Milliseconds(700);
  };

  ConnectionNotice(Options options, std::shared_ptr<grpc::Channel> channel);
  ~ConnectionNotice();

  ConnectionNotice(const ConnectionNotice&) = delete;
  ConnectionNotice& operator=(const ConnectionNotice&) = delete;

 private:
  void Watch() const;  // in thread_
  // Why there is no connection; OK if there is one now.
  absl::Status Ask() const;
  void Say(absl::string_view what) const;

  const Options options_;
  const std::shared_ptr<grpc::Channel> channel_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_CONNECTION_NOTICE_H_
