#include "tests/client/rolling_servers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "latency/steady_clock.h"
#include "tests/server/fixtures/http_get.h"

namespace verdict {
namespace {

bool IsFree(int port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool is_free = bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(socket_fd);
  return is_free;
}

// Not one that the kernel hands out: while the server restarts, any connection could get it.
int ChoosePort() {
  std::random_device random;
  while (true) {
    const int port = std::uniform_int_distribution<int>(12000, 31000)(random);
    if (IsFree(port)) return port;
  }
}

}  // namespace

RollingServers::RollingServers() {
  for (int i = 0; i < 2; ++i) {
    addresses_[i] = absl::StrCat("127.0.0.1:", ChoosePort());
    Start(i);
  }
}

std::string RollingServers::addresses() const {
  return absl::StrCat(addresses_[0], ",", addresses_[1]);
}

int RollingServers::Restart(int index, int signal) {
  servers_[index]->Signal(signal);
  const int status = servers_[index]->Wait();
  Start(index);
  return status;
}

bool RollingServers::AwaitCalls(int index) const {
  const absl::Time deadline = SteadyNow() + absl::Seconds(10);
  while (SteadyNow() < deadline) {
    if (Answered(index) >= 10) return true;
  }
  return false;
}

int RollingServers::Answered(int index) const {
  constexpr char kSeries[] =
      "\ngrpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Classify\",grpc_service="
      "\"verdict.v1."
      "Classifier\",grpc_type=\"unary\"} ";
  const std::string page = HttpGet(servers_[index]->http_port(), "/metrics");
  const size_t series = page.find(kSeries);
  int answered = -1;
  if (series != std::string::npos) {
    const size_t value = series + sizeof(kSeries) - 1;
    EXPECT_TRUE(absl::SimpleAtoi(page.substr(value, page.find('\n', value) - value), &answered));
  }
  return answered;
}

void RollingServers::Start(int index) {
  servers_[index] = std::make_unique<VerdictdProcess>(
      std::vector<std::string>{"--model=" VERDICT_SOURCE_DIR "/models/demo", "--threads=1",
                               "--grpc-address=" + addresses_[index]});
  servers_[index]->AwaitServing();
}

SteadyLoad::SteadyLoad(int threads, std::function<absl::Status()> call) : call_(std::move(call)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

SteadyLoad::~SteadyLoad() {
  stopped_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void SteadyLoad::AwaitCalls(int calls) const {
  while (calls_ < calls) std::this_thread::yield();
}

std::map<std::string, int> SteadyLoad::failures() const {
  const absl::MutexLock lock(&mutex_);
  return failures_;
}

void SteadyLoad::Run() {
  while (!stopped_) {
    const absl::Status status = call_();
    ++calls_;
    if (status.ok()) continue;
    const absl::MutexLock lock(&mutex_);
    ++failures_[status.ToString()];
  }
}

}  // namespace verdict
