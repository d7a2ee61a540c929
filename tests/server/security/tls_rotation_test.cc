// Certificates change under calls, and no call notices.
#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "tests/server/security/tls_fixture.h"

namespace verdict {
namespace {

// A call over a new connection each time: what a rotation could hurt.
class NewConnections {
 public:
  explicit NewConnections(std::function<grpc::Status()> call)
      : thread_([this, call = std::move(call)] {
          while (!stop_) {
            const grpc::Status status = call();
            EXPECT_TRUE(status.ok()) << status.error_message();
            ++calls_;
          }
        }) {}
  ~NewConnections() {
    stop_ = true;
    thread_.join();
  }
  int calls() const { return calls_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> calls_ = 0;
  std::thread thread_;
};

// The server takes a new pair within a second of the last change; then only it is shown. A client
// that trusts nobody but the new authority finds out.
TEST_F(TlsTest, TenRotationsFailNoCallAndEachIsTaken) {
  Start();
  const auto old_connection = Connect(Trusting(authority_));
  ASSERT_TRUE(Call(old_connection).ok());
  for (int rotation = 0; rotation < 10; ++rotation) {
    const CertificateAuthority next;
    const std::string both = authority_.certificate() + next.certificate();
    NewConnections trusting_both([&] {
      return Call(Connect(grpc::SslCredentials({both, "", ""})));
    });
    Rotate(next.Issue());
    while (!Call(Connect(Trusting(next))).ok()) {
    }
    EXPECT_TRUE(Call(old_connection).ok());
    // Half of a pair, and no file at all, change nothing.
    WriteFile(paths_.key, authority_.Issue().key);
    const absl::Time look = absl::Now() + absl::Seconds(1.1);
    while (absl::Now() < look) EXPECT_TRUE(Call(Connect(Trusting(next))).ok());
    std::filesystem::remove(paths_.certificate);
    Rotate(authority_.Issue());
    while (!Call(Connect(Trusting(authority_))).ok()) {
    }
    EXPECT_GT(trusting_both.calls(), 0);
  }
  EXPECT_TRUE(Call(old_connection).ok());
}

}  // namespace
}  // namespace verdict
