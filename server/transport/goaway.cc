#include "server/transport/goaway.h"

#include <dlfcn.h>
#include <grpc/grpc_security.h>
#include <grpcpp/server.h>
#include <grpcpp/version_info.h>

#include "absl/functional/function_ref.h"

namespace verdict {
namespace {

// Members of grpc_core::Server, which is what a grpc_server* points to (core's CppImplOf casts it).
// A member function takes its object as a first argument.
struct CoreServer {
  void (*send_goaways)(grpc_server*) = nullptr;
  bool (*has_open_connections)(grpc_server*) = nullptr;
};

template <typename Function>
void Find(const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

CoreServer FindCoreServer() {
  CoreServer found;
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR == 51
  Find("_ZN9grpc_core6Server11SendGoawaysEv", &found.send_goaways);
  Find("_ZN9grpc_core6Server18HasOpenConnectionsEv", &found.has_open_connections);
#endif
  return found;
}

const CoreServer& Core() {
  static const CoreServer core = FindCoreServer();
  return core;
}

// Core's functions need one of its execution contexts around them, which carries out what they have
// begun. The public API has no other way to one than this: it opens one to free credentials, and in
// it calls what their plugin wants called then.
void InExecutionContext(absl::FunctionRef<void()> run) {
  grpc_metadata_credentials_plugin plugin = {};
  plugin.state = &run;
  plugin.destroy = [](void* state) { (*static_cast<absl::FunctionRef<void()>*>(state))(); };
  plugin.type = "";
  grpc_call_credentials_release(
      grpc_metadata_credentials_create_from_plugin(plugin, GRPC_SECURITY_NONE, nullptr));
}

}  // namespace

Goaways::Goaways(grpc::Server* server)
    : server_(server->c_server()),
      available_(Core().send_goaways != nullptr && Core().has_open_connections != nullptr) {}

void Goaways::Send() const {
  if (available_) InExecutionContext([this] { Core().send_goaways(server_); });
}

bool Goaways::HasConnections() const { return !available_ || Core().has_open_connections(server_); }

}  // namespace verdict
