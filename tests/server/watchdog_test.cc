#include "server/watchdog.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

#include "absl/time/time.h"
#include "server/port_probe.h"
#include "tests/server/localhost.h"

namespace verdict {
namespace {

using Outcome = PortProbe::Outcome;

class PortWatchTest : public ::testing::Test {
 protected:
  // Every three seconds a probe that takes two.
  bool Lost(Outcome outcome) {
    now_ += absl::Seconds(3);
    return watch_.Lost({.outcome = outcome,
                        .failed_accepts = failed_accepts_,
                        .start = now_ - absl::Seconds(2),
                        .now = now_});
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  int64_t failed_accepts_ = 0;
  PortWatch watch_;
};

TEST_F(PortWatchTest, SilenceAloneIsNoLoss) {
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Lost(Outcome::kSilent));
}

TEST_F(PortWatchTest, APortThatCouldNotAcceptIsLostAfterTenSilentSeconds) {
  ++failed_accepts_;
  EXPECT_FALSE(Lost(Outcome::kSilent));  // 2 s
  EXPECT_FALSE(Lost(Outcome::kSilent));  // 5 s
  EXPECT_FALSE(Lost(Outcome::kSilent));  // 8 s
  EXPECT_TRUE(Lost(Outcome::kSilent));   // 11 s
}

TEST_F(PortWatchTest, SoIsOneWhoseProcessHadNoDescriptor) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Lost(Outcome::kUnknown));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Lost(Outcome::kSilent));
  EXPECT_TRUE(Lost(Outcome::kSilent));
}

TEST_F(PortWatchTest, OneAnswerMakesAllWell) {
  ++failed_accepts_;
  EXPECT_FALSE(Lost(Outcome::kSilent));
  EXPECT_FALSE(Lost(Outcome::kAnswered));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(Lost(Outcome::kSilent));
}

// A process that was stopped for a minute has seen one silent probe at most.
TEST_F(PortWatchTest, OneLongProbeIsNotEnough) {
  ++failed_accepts_;
  now_ += absl::Minutes(1);
  EXPECT_FALSE(Lost(Outcome::kSilent));
  now_ += absl::Minutes(1);
  EXPECT_FALSE(Lost(Outcome::kSilent));
}

class PortProbeTest : public ::testing::Test {
 protected:
  PortProbeTest() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~PortProbeTest() override { close(listener_); }

  // That a probe of `host` is answered when its connection is accepted, and ended.
  void ExpectAnswer(const char* host) const {
    ASSERT_EQ(listen(listener_, 8), 0);
    std::thread server([&] {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection >= 0) close(connection);
    });
    const Outcome outcome = PortProbe(host, port_).Run(absl::Seconds(30));
    EXPECT_EQ(outcome, Outcome::kAnswered) << host;
    if (outcome != Outcome::kAnswered) shutdown(listener_, SHUT_RDWR);  // nobody is to be accepted
    server.join();
  }

  const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

TEST_F(PortProbeTest, APortThatNobodyListensToIsSilent) {
  EXPECT_EQ(PortProbe("127.0.0.1", port_).Run(absl::Seconds(30)), Outcome::kSilent);
}

TEST_F(PortProbeTest, APortThatConnectsAndDoesNotAcceptIsSilent) {
  ASSERT_EQ(listen(listener_, 1), 0);
  EXPECT_EQ(PortProbe("127.0.0.1", port_).Run(absl::Milliseconds(50)), Outcome::kSilent);
}

TEST_F(PortProbeTest, ByAnyOfItsAddressesAnEndIsAnAnswer) {
  for (const char* host : {"127.0.0.1", "0.0.0.0", "[::]"}) ExpectAnswer(host);
}

TEST_F(PortProbeTest, ByItsNameAnEndIsAnAnswer) {
  if (!KnowsLocalhost()) GTEST_SKIP() << "the name localhost is not known here (no /etc/hosts)";
  ExpectAnswer("localhost");
}

}  // namespace
}  // namespace verdict
