#include "server/http/server.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/threads/thread_name.h"
#include "latency/steady_clock.h"
#include "server/http/address.h"
#include "server/http/connection.h"

namespace verdict {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Unix = asio::local::stream_protocol;
using ErrorCode = boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
using WorkGuard = asio::executor_work_guard<asio::io_context::executor_type>;

// How often connections are looked at for being late.
constexpr auto kSweep = std::chrono::milliseconds(50);
// After an accept that failed, mostly since the process has no descriptor left.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr int kAcceptsAtOnce = 64;

absl::Status CannotListen(const std::string& address, const ErrorCode& error) {
  return absl::UnavailableError(
      absl::StrCat("HTTP address ", address, ": cannot listen: ", error.message()));
}

// Whether this machine has no such address, though a name says so: IPv6 may be turned off.
bool IsMissing(const ErrorCode& error) {
  return error == asio::error::address_family_not_supported ||
         error == boost::system::errc::address_not_available;
}

int PortOf(const Acceptor& acceptor) {
  ErrorCode ignored;
  const Acceptor::endpoint_type endpoint = acceptor.local_endpoint(ignored);
  Tcp::endpoint tcp;
  std::memcpy(tcp.data(), endpoint.data(), std::min(endpoint.size(), tcp.capacity()));
  return tcp.port();
}

}  // namespace

// Belongs to the I/O thread once it is started, but for Start and the destructor.
class HttpServer::Impl {
 public:
  Impl(std::vector<HttpRoute> routes, HttpSettings settings)
      : shared_(std::make_shared<HttpShared>(std::move(routes), std::move(settings))) {}
  ~Impl();

  absl::Status Listen(const std::string& address);
  void Run();

  int port() const { return port_; }
  const std::vector<std::string>& addresses() const { return addresses_; }
  void AwaitAnswered(absl::Time deadline) {
    asio::post(shared_->io, [shared = shared_] { shared->closing = true; });
    LookUntil([this] { return shared_->answering == 0; }, deadline);
  }

 private:
  absl::Status ListenOnHost(const std::string& address, const HttpAddress& parsed);
  absl::Status ListenOnPath(const std::string& address, const std::string& path);
  bool ListensOn(const Tcp::endpoint& endpoint) const;
  ErrorCode Begin(std::unique_ptr<Acceptor> acceptor);

  void AcceptOn(Acceptor* acceptor);
  void AcceptLaterOn(Acceptor* acceptor);
  void Serve(HttpConnection::Socket socket);
  void MakeRoom();
  void Sweep();
  // Takes no new connection, and closes those that have no request to answer.
  void Stop();

  const std::shared_ptr<HttpShared> shared_;
  int port_ = 0;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::string> unix_paths_;
  asio::steady_timer sweep_{shared_->io};
  bool is_sweeping_ = false;
  bool stopped_ = false;
  std::optional<WorkGuard> io_guard_;
  std::optional<WorkGuard> work_guard_;
  std::optional<WorkGuard> large_work_guard_;
  std::vector<std::thread> threads_;
};

absl::Status HttpServer::Impl::Listen(const std::string& address) {
  const absl::StatusOr<HttpAddress> parsed = ParseHttpAddress(address);
  if (!parsed.ok()) return parsed.status();
  return parsed->path.empty() ? ListenOnHost(address, *parsed)
                              : ListenOnPath(address, parsed->path);
}

absl::Status HttpServer::Impl::ListenOnHost(const std::string& address, const HttpAddress& parsed) {
  ErrorCode error;
  Tcp::resolver resolver(shared_->io);
  const auto found =
      resolver.resolve(parsed.host, absl::StrCat(parsed.port), Tcp::resolver::passive, error);
  if (error) return CannotListen(address, error);
  int port = parsed.port;
  bool listens = false;
  for (const auto& entry : found) {
    Tcp::endpoint endpoint = entry.endpoint();
    endpoint.port(static_cast<uint16_t>(port));  // what the first one took, where it was 0
    if (ListensOn(endpoint)) continue;           // /etc/hosts may say an address twice
    auto acceptor = std::make_unique<Acceptor>(shared_->io);
    acceptor->open(endpoint.protocol(), error);
    if (!error) acceptor->set_option(Acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (error && IsMissing(error)) continue;
    if (!error) error = Begin(std::move(acceptor));
    if (error) return CannotListen(address, error);
    port = PortOf(*acceptors_.back());
    listens = true;
  }
  if (!listens) return CannotListen(address, error);
  if (port_ == 0) port_ = port;
  addresses_.push_back(absl::StrCat(address.substr(0, address.rfind(':')), ":", port));
  return absl::OkStatus();
}

bool HttpServer::Impl::ListensOn(const Tcp::endpoint& endpoint) const {
  return std::any_of(acceptors_.begin(), acceptors_.end(), [&](const auto& acceptor) {
    ErrorCode ignored;
    return acceptor->local_endpoint(ignored) == Acceptor::endpoint_type(endpoint);
  });
}

absl::Status HttpServer::Impl::ListenOnPath(const std::string& address, const std::string& path) {
  const Unix::endpoint endpoint(path);
  auto acceptor = std::make_unique<Acceptor>(shared_->io);
  ErrorCode error;
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->bind(endpoint, error);
  if (error == asio::error::address_in_use) {
    // A server that was killed leaves its socket behind, and nobody answers there.
    ErrorCode refused;
    Unix::socket(shared_->io).connect(endpoint, refused);
    if (refused == asio::error::connection_refused) {
      unlink(path.c_str());
      acceptor->bind(endpoint, error);
    }
  }
  if (!error) error = Begin(std::move(acceptor));
  if (error) return CannotListen(address, error);
  unix_paths_.push_back(path);
  addresses_.push_back(address);
  return absl::OkStatus();
}

ErrorCode HttpServer::Impl::Begin(std::unique_ptr<Acceptor> acceptor) {
  ErrorCode error;
  acceptor->listen(Acceptor::max_listen_connections, error);
  if (!error) acceptor->non_blocking(true, error);
  if (!error) acceptors_.push_back(std::move(acceptor));
  return error;
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
  for (const std::string& path : unix_paths_) unlink(path.c_str());
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
  for (const std::string& address : addresses) {
    if (absl::Status status = impl->Listen(address); !status.ok()) return status;
  }
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->port(); }

const std::vector<std::string>& HttpServer::addresses() const { return impl_->addresses(); }

void HttpServer::AwaitAnswered(absl::Time deadline) const { impl_->AwaitAnswered(deadline); }

}  // namespace verdict
