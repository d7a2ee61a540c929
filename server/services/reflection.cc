#include "server/services/reflection.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace verdict {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptor;
using FileSet = absl::flat_hash_set<const FileDescriptor*>;

// Adds `file` and all that it imports to `*files`.
void AddWithImports(const FileDescriptor* file, FileSet* files) {
  if (!files->insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), files);
}

// A client needs the imports too, and would ask for them one by one.
void SetFile(const FileDescriptor& file, FileSet* sent,
             grpc::reflection::v1::FileDescriptorResponse* response) {
  if (!sent->insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  proto.SerializeToString(response->add_file_descriptor_proto());
  for (int i = 0; i < file.dependency_count(); ++i) SetFile(*file.dependency(i), sent, response);
}

void SetError(absl::StatusCode code, absl::string_view message, Reflection::Response* response) {
  response->mutable_error_response()->set_error_code(static_cast<int>(code));
  response->mutable_error_response()->set_error_message(std::string(message));
}

const FileDescriptor* FileOfExtension(const DescriptorPool& pool,
                                      const grpc::reflection::v1::ExtensionRequest& request) {
  const Descriptor* type = pool.FindMessageTypeByName(request.containing_type());
  if (type == nullptr) return nullptr;
  const FieldDescriptor* extension = pool.FindExtensionByNumber(type, request.extension_number());
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

std::vector<std::string> Reflection::ServiceNames() {
  // Asking the messages for their files also links those files in.
  return {
      grpc::reflection::v1::ServerReflectionRequest::descriptor()->file()->service(0)->full_name(),
      grpc::reflection::v1alpha::ServerReflectionRequest::descriptor()
          ->file()
          ->service(0)
          ->full_name()};
}

Reflection::Reflection(std::vector<std::string> services)
    : pool_(*DescriptorPool::generated_pool()), services_(std::move(services)) {
  for (const std::string& service : services_) {
    AddWithImports(pool_.FindServiceByName(service)->file(), &files_);
  }
}

Reflection::Response Reflection::Answer(const Request& request) const {
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kListServices:
      ListServices(&response);
      break;
    case Request::kFileByFilename:
    case Request::kFileContainingSymbol:
    case Request::kFileContainingExtension:
      FindFile(request, &response);
      break;
    case Request::kAllExtensionNumbersOfType:
      FindExtensions(request.all_extension_numbers_of_type(), &response);
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      SetError(absl::StatusCode::kInvalidArgument,
               "the request asks for nothing that this server knows; expected one of "
               "list_services, file_by_filename, file_containing_symbol, "
               "file_containing_extension and all_extension_numbers_of_type",
               &response);
      break;
  }
  return response;
}

// `file` if it may be told of, else null.
const FileDescriptor* Reflection::Known(const FileDescriptor* file) const {
  return files_.contains(file) ? file : nullptr;
}

void Reflection::ListServices(Response* response) const {
  for (const std::string& service : services_) {
    response->mutable_list_services_response()->add_service()->set_name(service);
  }
}

void Reflection::FindFile(const Request& request, Response* response) const {
  const FileDescriptor* file = nullptr;
  std::string what;
  if (request.has_file_by_filename()) {
    file = pool_.FindFileByName(request.file_by_filename());
    what = absl::StrCat("file ", request.file_by_filename());
  } else if (request.has_file_containing_symbol()) {
    file = pool_.FindFileContainingSymbol(request.file_containing_symbol());
    what = absl::StrCat("symbol ", request.file_containing_symbol());
  } else {
    const auto& extension = request.file_containing_extension();
    file = FileOfExtension(pool_, extension);
    what = absl::StrCat("extension ", extension.extension_number(), " of ",
                        extension.containing_type());
  }
  if (Known(file) == nullptr) {
    return SetError(absl::StatusCode::kNotFound,
                    absl::StrCat("no ", what, "; list_services says what there is"), response);
  }
  FileSet sent;
  SetFile(*file, &sent, response->mutable_file_descriptor_response());
}

void Reflection::FindExtensions(const std::string& type, Response* response) const {
  const Descriptor* message = pool_.FindMessageTypeByName(type);
  if (message == nullptr || Known(message->file()) == nullptr) {
    return SetError(absl::StatusCode::kNotFound, absl::StrCat("no message ", type), response);
  }
  std::vector<const FieldDescriptor*> extensions;
  pool_.FindAllExtensions(message, &extensions);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(message->full_name());
  for (const FieldDescriptor* extension : extensions) {
    if (Known(extension->file()) != nullptr) numbers->add_extension_number(extension->number());
  }
}

}  // namespace verdict
