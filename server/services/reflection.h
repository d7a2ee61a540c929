// What the server tells of its own contract: grpc.reflection, for tools such as grpcurl.
#ifndef VERDICT_SERVER_SERVICES_REFLECTION_H_
#define VERDICT_SERVER_SERVICES_REFLECTION_H_

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace grpc::reflection::v1 {
class ExtensionRequest;
class FileDescriptorResponse;
class ServerReflectionRequest;
class ServerReflectionResponse;
}  // namespace grpc::reflection::v1

namespace verdict {

// Answers questions about some services, from the descriptors that the program is linked with. Of
// other files than theirs, and those that they import, it knows nothing.
//
// All methods may be called from any thread.
class Reflection {
 public:
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;

  // The names of the reflection service itself. Version v1alpha has the messages of v1.
  static std::vector<std::string> ServiceNames();

  // REQUIRES: the program is linked with the descriptors of all `services`.
  explicit Reflection(std::vector<std::string> services);

  // The one response to `request`. What it asks for and is not there is an error_response, which
  // does not end the stream.
  Response Answer(const Request& request) const;

 private:
  const google::protobuf::FileDescriptor* Known(const google::protobuf::FileDescriptor* file) const;
  void ListServices(Response* response) const;
  void FindFile(const Request& request, Response* response) const;
  void FindExtensions(const std::string& type, Response* response) const;

  const google::protobuf::DescriptorPool& pool_;
  const std::vector<std::string> services_;
  absl::flat_hash_set<const google::protobuf::FileDescriptor*> files_;
};

}  // namespace verdict

#endif  // VERDICT_SERVER_SERVICES_REFLECTION_H_
