// Asks gRPC's clients to leave their connections while their calls are still taken.
#ifndef VERDICT_SERVER_TRANSPORT_GOAWAY_H_
#define VERDICT_SERVER_TRANSPORT_GOAWAY_H_

struct grpc_server;

namespace grpc {
class Server;
}  // namespace grpc

namespace verdict {

// What gRPC's core can do with a server beside shutting it down, and its public API does not offer.
//
// grpc::Server::Shutdown says GOAWAY too, but from then on it answers CANCELLED to every call that
// its client sent before the GOAWAY reached it: a round trip of calls is lost on each connection.
// grpc_core::Server::SendGoaways says GOAWAY and goes on serving. It first names the highest stream
// there can be, and only when the client has answered a ping, and so has read it, the last one that
// came. A connection closes itself when its last call ends, and the client opens another without
// failing a call.
//
// These members are in no header that is installed, so they are looked up by name among what the
// process has loaded, and only if this is built with gRPC 1.51, whose sources say what they do
// (src/core/lib/surface/server.cc; its test client_lb_end2end_test.cc uses one of them alike).
// Elsewhere `available` is false and the rest does nothing: a drain then refuses new calls with
// UNAVAILABLE. tests/server/transport/goaway_test.cc says whether they are found;
// tests/stress/replacements.py that no call of five gRPC implementations is lost.
//
// One thread at a time. The server must outlive it, and not be shut down meanwhile.
class Goaways {
 public:
  explicit Goaways(grpc::Server* server);

  bool available() const { return available_; }

  // Says GOAWAY on each connection on which that was not said yet. A channel within the process has
  // no GOAWAY: it ends, with its calls.
  void Send() const;

  // Whether any connection is left; true if that is not known.
  bool HasConnections() const;

 private:
  grpc_server* const server_;
  const bool available_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_TRANSPORT_GOAWAY_H_
