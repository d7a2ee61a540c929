#include "server/transport/unknown_methods.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/contract/error_reason.h"
#include "server/log/log.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

// The longest name that a message repeats: a caller's header may have 16 KiB.
constexpr size_t kMostName = 200;

std::string ShortName(const std::string& method) {
  return absl::CHexEscape(method.substr(0, kMostName));
}

absl::Status Unknown(const std::string& method) {
  const auto* const service = v1::ClassifyRequest::descriptor()->file()->service(0);
  std::string has =
      absl::StrCat(service->full_name(), ", grpc.health.v1.Health and server reflection");
  if (absl::StartsWith(method, absl::StrCat("/", service->full_name(), "/"))) {
    std::vector<std::string> names;
    for (int i = 0; i < service->method_count(); ++i) names.push_back(service->method(i)->name());
    has = absl::StrCat(absl::StrJoin(names, ", "), " of that service; a newer server may have it");
  }
  return absl::UnimplementedError(
      absl::StrCat("there is no method \"", method, "\" here; there is ", has));
}

class UnknownCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit UnknownCall(const absl::Status& status) { Finish(ToCaller(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerGenericBidiReactor* UnknownMethods::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  metrics_->calls().CountUnknownMethod();
  const std::string name = ShortName(context->method());
  LogCallers(LogLevel::kWarning, "a call of a method that there is not",
             {{"method", name}, {"peer", context->peer()}});
  return new UnknownCall(Unknown(name));
}

}  // namespace verdict
