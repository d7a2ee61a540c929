#include "server/http/server.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/http/connection.h"
#include "server/process/listening_sockets.h"

namespace verdict {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using WorkGuard = asio::executor_work_guard<asio::io_context::executor_type>;

// How often connections are looked at for being late.
constexpr auto kSweep = std::chrono::milliseconds(50);
// After an accept that failed, mostly since the process has no descriptor left.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr int kAcceptsAtOnce = 64;

}  // namespace

// Belongs to the I/O thread once it is started, but for Start and the destructor.
class HttpServer::Impl {
 public:
  Impl(std::vector<HttpRoute> routes, HttpSettings settings)
      : shared_(std::make_shared<HttpShared>(std::move(routes), std::move(settings))) {}
  ~Impl();

  absl::Status Listen(const std::vector<std::string>& addresses);
  void Run();

  int port() const { return sockets_.port(); }
  const std::vector<std::string>& addresses() const { return sockets_.addresses(); }
  void AwaitAnswered(absl::Time deadline) {
    asio::post(shared_->io, [shared = shared_] { shared->closing = true; });
    LookUntil([this] { return shared_->answering == 0; }, deadline);
  }

 private:
  void AcceptOn(Acceptor* acceptor);
  void AcceptLaterOn(Acceptor* acceptor);
  void Serve(HttpConnection::Socket socket);
  void MakeRoom();
  void Sweep();
  // Takes no new connection, and closes those that have no request to answer.
  void Stop();

  const std::shared_ptr<HttpShared> shared_;
  ListeningSockets sockets_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  asio::steady_timer sweep_{shared_->io};
  bool is_sweeping_ = false;
  bool stopped_ = false;
  std::optional<WorkGuard> io_guard_;
  std::optional<WorkGuard> work_guard_;
  std::optional<WorkGuard> large_work_guard_;
  std::vector<std::thread> threads_;
};

absl::Status HttpServer::Impl::Listen(const std::vector<std::string>& addresses) {
  absl::StatusOr<ListeningSockets> sockets = ListeningSockets::Open("--http-address", addresses);
  if (!sockets.ok()) return sockets.status();
  sockets_ = *std::move(sockets);
  for (const int descriptor : sockets_.descriptors()) {
    // The acceptor closes its own; of which family a socket is does not matter to it.
    auto acceptor = std::make_unique<Acceptor>(shared_->io);
    ErrorCode error;
    acceptor->assign(asio::generic::stream_protocol(AF_UNSPEC, 0),
                     fcntl(descriptor, F_DUPFD_CLOEXEC, 0), error);
    if (!error) acceptor->non_blocking(true, error);
    if (error) return absl::UnavailableError(error.message());
    acceptors_.push_back(std::move(acceptor));
  }
  return absl::OkStatus();
}

void HttpServer::Impl::Run() {
  for (const auto& acceptor : acceptors_) AcceptOn(acceptor.get());
  io_guard_.emplace(shared_->io.get_executor());
  work_guard_.emplace(shared_->work.get_executor());
  large_work_guard_.emplace(shared_->large_work.get_executor());
  threads_.emplace_back([shared = shared_] {
    NameThisThread("http");
    shared->io.run();
  });
  threads_.emplace_back([shared = shared_] {
    NameThisThread("http-worker");
    shared->work.run();
  });
  threads_.emplace_back([shared = shared_] {
    NameThisThread("http-large");
    shared->large_work.run();
  });
}

HttpServer::Impl::~Impl() {
  if (!threads_.empty()) {
    std::promise<void> stopped;
    asio::post(shared_->io, [this, &stopped] {
      Stop();
      stopped.set_value();
    });
    stopped.get_future().wait();
    LookUntil([this] { return shared_->answering == 0; }, absl::InfiniteFuture());
  }
  io_guard_.reset();
  work_guard_.reset();
  large_work_guard_.reset();
  for (std::thread& thread : threads_) thread.join();
}

void HttpServer::Impl::AcceptOn(Acceptor* acceptor) {
  acceptor->async_accept([this, acceptor](const ErrorCode& error, HttpConnection::Socket socket) {
    if (stopped_) return;
    if (error) return AcceptLaterOn(acceptor);
    Serve(std::move(socket));
    // Who is new may be a probe: it does not wait for what all those before it have sent.
    ErrorCode none_left;
    for (int i = 0; i < kAcceptsAtOnce && !none_left; ++i) {
      HttpConnection::Socket more(shared_->io);
      acceptor->accept(more, none_left);
      if (!none_left) Serve(std::move(more));
    }
    AcceptOn(acceptor);
  });
}

void HttpServer::Impl::AcceptLaterOn(Acceptor* acceptor) {
  MakeRoom();
  auto pause = std::make_shared<asio::steady_timer>(shared_->io, kAcceptPause);
  pause->async_wait([this, acceptor, pause](const ErrorCode&) {
    if (!stopped_) AcceptOn(acceptor);
  });
}

void HttpServer::Impl::Serve(HttpConnection::Socket socket) {
  ErrorCode ignored;  // a unix socket has no such delay
  socket.set_option(Tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  if (shared_->connections.size() >= kMostConnections) MakeRoom();
  // All are being answered. Calls have places, and other answers are made within milliseconds.
  if (shared_->connections.size() >= 2 * kMostConnections) return;
  auto connection = std::make_shared<HttpConnection>(std::move(socket), shared_);
  shared_->connections.insert(connection);
  connection->Start();
  if (!is_sweeping_) Sweep();
}

// The one that has done the same for longest, be it nothing or sending slowly, has least to lose.
// To spare those that have begun a request would close the newest, which may be a probe's.
void HttpServer::Impl::MakeRoom() {
  std::shared_ptr<HttpConnection> oldest;
  for (const auto& connection : shared_->connections) {
    if (!connection->may_be_closed()) continue;
    if (oldest == nullptr || connection->since() < oldest->since()) oldest = connection;
  }
  if (oldest != nullptr) oldest->Close();
}

void HttpServer::Impl::Sweep() {
  const absl::Time now = SteadyNow();
  const std::vector<std::shared_ptr<HttpConnection>> all(shared_->connections.begin(),
                                                         shared_->connections.end());
  for (const auto& connection : all) connection->CloseIfLate(now);
  is_sweeping_ = !shared_->connections.empty();
  if (!is_sweeping_) return;
  sweep_.expires_after(kSweep);
  sweep_.async_wait([this](const ErrorCode& cancelled) {
    if (!cancelled) Sweep();
  });
}

void HttpServer::Impl::Stop() {
  stopped_ = true;
  shared_->closing = true;
  ErrorCode ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
  sockets_.Close();
  const std::vector<std::shared_ptr<HttpConnection>> all(shared_->connections.begin(),
                                                         shared_->connections.end());
  for (const auto& connection : all) {
    if (!connection->is_answering()) connection->Close();
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const std::vector<std::string>& addresses, std::vector<HttpRoute> routes,
    HttpSettings settings) {
  auto impl = std::make_unique<Impl>(std::move(routes), std::move(settings));
  if (absl::Status status = impl->Listen(addresses); !status.ok()) return status;
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->port(); }

const std::vector<std::string>& HttpServer::addresses() const { return impl_->addresses(); }

void HttpServer::AwaitAnswered(absl::Time deadline) const { impl_->AwaitAnswered(deadline); }

}  // namespace verdict
