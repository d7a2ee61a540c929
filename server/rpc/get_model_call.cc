#include "server/rpc/get_model_call.h"

#include <cstdint>
#include <string>

#include "server/transport/message_bytes.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

GetModelCall::GetModelCall(const Serving& serving, grpc::CallbackServerContext* context)
    : Call(Method::kGetModel, serving, context) {}

void GetModelCall::Start() {
  unchecked::v1::GetModelRequest request;
  if (absl::Status status = ParseMessage(this->request(), &request); !status.ok()) {
    return Fail(status);
  }
  const Model& model = *serving().model;
  const EngineInfo& engine = model.engine->info();
  v1::GetModelResponse description;
  description.set_name(serving().model_name);
  description.set_revision(model.revision);
  for (const std::string& label : model.config.labels) description.add_labels(label);
  description.set_problem_type(std::string(ProblemTypeName(model.config.problem_type)));
  description.set_max_tokens(static_cast<uint32_t>(model.config.max_tokens()));
  description.set_precision(engine.precision);
  description.set_isa(engine.isa);
  description.set_kernels(engine.kernels);
  description.set_threads(static_cast<uint32_t>(engine.threads));
  description.set_parameters(engine.parameters);
  description.set_version(serving().version);
  description.set_default_top_k(static_cast<uint32_t>(serving().defaults.top_k()));
  Reply(description);
}

}  // namespace verdict
