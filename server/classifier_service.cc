#include "server/classifier_service.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/call.h"
#include "server/reply.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

// One call that classifies texts: the way from an input to the queue, and from a result to a reply.
class ClassifyingCall : public Call {
 protected:
  ClassifyingCall(const Serving& serving, Method method, grpc::CallbackServerContext* context,
                  grpc::ByteBuffer* response)
      : Call(method, serving.metrics, context, response), serving_(serving) {}

  // Checks and tokenizes `input`, called `field` in messages. The result has everything but `done`;
  // `*encoded` is what the reply will need.
  absl::StatusOr<QueuedText> Encode(const unchecked::v1::Input& input, const std::string& field,
                                    EncodedText* encoded) const {
    const absl::StatusOr<TextInput> checked = CheckInput(input, field, serving_.limits);
    if (!checked.ok()) return checked.status();
    const absl::Time start = absl::Now();
    absl::StatusOr<Encoding> encoding = serving_.model->tokenizer.Encode(
        *checked, serving_.model->config.max_tokens(), options_.truncation);
    if (!encoding.ok()) {
      return absl::Status(encoding.status().code(),
                          absl::StrCat(field, ": ", encoding.status().message()));
    }
    *encoded = {.total_tokens = encoding->total_tokens,
                .used_tokens = encoding->input_ids.size(),
                .tokenize = absl::Now() - start};
    serving_.metrics->ObserveStage(Stage::kTokenize, encoded->tokenize);
    if (encoding->truncated()) serving_.metrics->CountTruncated();
    QueuedText text;
    text.input_ids = std::move(encoding->input_ids);
    text.deadline = deadline();
    text.abandoned = &abandoned();
    return text;
  }

  absl::StatusOr<v1::ClassifyResponse> Answer(const EncodedText& encoded,
                                              const absl::StatusOr<TextResult>& result) const {
    if (!result.ok()) return result.status();
    const absl::Duration total = absl::Now() - arrival();
    serving_.metrics->ObserveStage(Stage::kTotal, total);
    return MakeReply(serving_.model->config, options_, encoded, *result, total);
  }

  const Serving& serving_;
  ClassifyOptions options_;
};

class ClassifyCall final : public ClassifyingCall {
 public:
  ClassifyCall(const Serving& serving, grpc::CallbackServerContext* context,
               grpc::ByteBuffer* response)
      : ClassifyingCall(serving, Method::kClassify, context, response) {}

  void Start(const grpc::ByteBuffer& bytes) {
    absl::Status status = Submit(bytes);
    if (!status.ok()) Fail(status);
  }

 private:
  // If OK, the call ends by its text's `done`, and may have ended already.
  absl::Status Submit(const grpc::ByteBuffer& bytes) {
    unchecked::v1::ClassifyRequest request;
    if (absl::Status status = Parse(bytes, &request); !status.ok()) return status;
    absl::StatusOr<ClassifyOptions> options = CheckOptions(request.options(), serving_.defaults);
    if (!options.ok()) return options.status();
    options_ = *options;
    absl::StatusOr<QueuedText> text = Encode(request.input(), "input", &encoded_);
    if (!text.ok()) return text.status();
    text->done = [this](const absl::StatusOr<TextResult>& result) { End(result); };
    std::vector<QueuedText> texts;
    texts.push_back(*std::move(text));
    return serving_.batcher->Submit(&texts);
  }

  void End(const absl::StatusOr<TextResult>& result) {
    const absl::StatusOr<v1::ClassifyResponse> answer = Answer(encoded_, result);
    if (answer.ok()) {
      Reply(*answer);
    } else {
      Fail(answer.status());
    }
  }

  EncodedText encoded_;
};

// Its texts are done one by one, perhaps on two threads at a time; each has its own item, and the
// last one ends the call.
class ClassifyBatchCall final : public ClassifyingCall {
 public:
  ClassifyBatchCall(const Serving& serving, grpc::CallbackServerContext* context,
                    grpc::ByteBuffer* response)
      : ClassifyingCall(serving, Method::kClassifyBatch, context, response) {}

  void Start(const grpc::ByteBuffer& bytes) {
    std::vector<QueuedText> texts;
    absl::Status status = EncodeAll(bytes, &texts);
    if (status.ok() && texts.empty()) return Reply(reply_);
    if (status.ok()) {
      waiting_ = texts.size();
      // Once this is OK, the call ends by its last text's `done`, and may have ended already.
      status = serving_.batcher->Submit(&texts);
    }
    if (!status.ok()) Fail(status);
  }

 private:
  // Makes an item of every input, and a queued text of every one that can be computed.
  absl::Status EncodeAll(const grpc::ByteBuffer& bytes, std::vector<QueuedText>* texts) {
    unchecked::v1::ClassifyBatchRequest request;
    if (absl::Status status = Parse(bytes, &request); !status.ok()) return status;
    absl::StatusOr<ClassifyOptions> options = CheckOptions(request.options(), serving_.defaults);
    if (!options.ok()) return options.status();
    options_ = *options;
    const auto count = static_cast<size_t>(request.inputs_size());
    if (absl::Status status = CheckInputCount(count, serving_.limits); !status.ok()) return status;

    encoded_.resize(count);
    texts->reserve(count);
    for (size_t i = 0; i < count; ++i) {
      if (absl::Status status = CheckCaller(); !status.ok()) return status;
      v1::ClassifyBatchResponse::Item* item = reply_.add_items();
      absl::StatusOr<QueuedText> text = Encode(request.inputs(static_cast<int>(i)),
                                               absl::StrCat("inputs[", i, "]"), &encoded_[i]);
      if (!text.ok()) {
        SetError(text.status(), item);
        continue;
      }
      text->done = [this, i](const absl::StatusOr<TextResult>& result) { End(i, result); };
      texts->push_back(*std::move(text));
    }
    return absl::OkStatus();
  }

  // Many long texts take a while to tokenize; nobody may be waiting any more.
  absl::Status CheckCaller() const {
    if (absl::Now() >= deadline() || abandoned() == absl::StatusCode::kDeadlineExceeded) {
      serving_.metrics->CountExpired(Stage::kTokenize);
      return absl::DeadlineExceededError("the deadline passed while the texts were tokenized");
    }
    if (abandoned() != absl::StatusCode::kOk) return absl::CancelledError("the caller went away");
    return absl::OkStatus();
  }

  void End(size_t index, const absl::StatusOr<TextResult>& result) {
    v1::ClassifyBatchResponse::Item* item = reply_.mutable_items(static_cast<int>(index));
    absl::StatusOr<v1::ClassifyResponse> answer = Answer(encoded_[index], result);
    if (answer.ok()) {
      *item->mutable_result() = *std::move(answer);
    } else {
      SetError(answer.status(), item);
    }
    if (waiting_.fetch_sub(1) == 1) EndCall();
  }

  // A deadline and a cancellation are the call's, not one text's.
  void EndCall() {
    for (const v1::ClassifyBatchResponse::Item& item : reply_.items()) {
      const auto code = static_cast<absl::StatusCode>(item.error().code());
      if (code == absl::StatusCode::kDeadlineExceeded || code == absl::StatusCode::kCancelled) {
        return Fail(absl::Status(code, item.error().message()));
      }
    }
    Reply(reply_);
  }

  static void SetError(const absl::Status& status, v1::ClassifyBatchResponse::Item* item) {
    item->mutable_error()->set_code(static_cast<int32_t>(status.code()));
    item->mutable_error()->set_message(std::string(status.message()));
  }

  v1::ClassifyBatchResponse reply_;   // items in the order of the inputs
  std::vector<EncodedText> encoded_;  // likewise
  std::atomic<size_t> waiting_ = 0;   // texts that are not done yet
};

class TokenizeCall final : public Call {
 public:
  TokenizeCall(const Serving& serving, grpc::CallbackServerContext* context,
               grpc::ByteBuffer* response)
      : Call(Method::kTokenize, serving.metrics, context, response), serving_(serving) {}

  void Start(const grpc::ByteBuffer& bytes) {
    unchecked::v1::TokenizeRequest request;
    if (absl::Status status = Parse(bytes, &request); !status.ok()) return Fail(status);
    const absl::StatusOr<TextInput> input = CheckInput(request.input(), "input", serving_.limits);
    if (!input.ok()) return Fail(input.status());
    const Tokenizer& tokenizer = serving_.model->tokenizer;
    const absl::Time start = absl::Now();
    const std::vector<Token> tokens = tokenizer.Tokenize(*input, request.add_special_tokens());
    serving_.metrics->ObserveStage(Stage::kTokenize, absl::Now() - start);
    v1::TokenizeResponse response;
    response.mutable_tokens()->Reserve(static_cast<int>(tokens.size()));
    for (const Token& token : tokens) {
      v1::Token* added = response.add_tokens();
      added->set_id(static_cast<uint32_t>(token.id));
      added->set_text(std::string(tokenizer.text(token.id)));
      added->set_begin(token.begin);
      added->set_end(token.end);
    }
    Reply(response);
  }

 private:
  const Serving& serving_;
};

v1::GetModelResponse DescribeModel(const Serving& serving) {
  const Model& model = *serving.model;
  const EngineInfo& engine = model.engine->info();
  v1::GetModelResponse description;
  description.set_name(serving.model_name);
  description.set_revision(model.revision);
  for (const std::string& label : model.config.labels) description.add_labels(label);
  description.set_problem_type(std::string(ProblemTypeName(model.config.problem_type)));
  description.set_max_tokens(static_cast<uint32_t>(model.config.max_tokens()));
  description.set_precision(engine.precision);
  description.set_isa(engine.isa);
  description.set_kernels(engine.kernels);
  description.set_threads(static_cast<uint32_t>(engine.threads));
  description.set_parameters(engine.parameters);
  description.set_version(serving.version);
  return description;
}

// A method that stays on the synchronous base would make gRPC start a pool of threads for it;
// ClassifyStream, on the callback base, answers UNIMPLEMENTED without one.
using ServiceBase = v1::Classifier::WithRawCallbackMethod_Classify<
    v1::Classifier::WithRawCallbackMethod_ClassifyBatch<
        v1::Classifier::WithRawCallbackMethod_ClassifyStream<
            v1::Classifier::WithRawCallbackMethod_Tokenize<
                v1::Classifier::WithCallbackMethod_GetModel<v1::Classifier::Service>>>>>;

class ClassifierService final : public ServiceBase {
 public:
  explicit ClassifierService(Serving serving)
      : serving_(std::move(serving)), model_(DescribeModel(serving_)) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return StartCall<ClassifyCall>(context, request, response);
  }

  grpc::ServerUnaryReactor* ClassifyBatch(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override {
    return StartCall<ClassifyBatchCall>(context, request, response);
  }

  grpc::ServerUnaryReactor* Tokenize(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    return StartCall<TokenizeCall>(context, request, response);
  }

  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* /*request*/,
                                     v1::GetModelResponse* response) override {
    serving_.metrics->CallStarted(Method::kGetModel);
    *response = model_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    serving_.metrics->CallHandled(Method::kGetModel, absl::StatusCode::kOk, absl::ZeroDuration());
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  // gRPC keeps a reactor at least until its handler has returned it, even one that has ended.
  template <typename UnaryCall>
  grpc::ServerUnaryReactor* StartCall(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
    auto* call = new UnaryCall(serving_, context, response);
    call->Start(*request);
    return call;
  }

  const Serving serving_;
  const v1::GetModelResponse model_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeClassifierService(Serving serving) {
  return std::make_unique<ClassifierService>(std::move(serving));
}

}  // namespace verdict
