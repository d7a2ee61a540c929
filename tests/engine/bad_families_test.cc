// What is refused of the architectures beside DistilBERT, one case each.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/engine/fixtures/bad_model.h"
#include "tests/engine/fixtures/family_model.h"

namespace verdict {
namespace {

using ::testing::TestWithParam;
using ::testing::ValuesIn;

// A config.json of `model_type` with one field changed.
Damage Field(const std::string& model_type, const std::string& field, const Json& value) {
  return [=](const ModelDirectory& directory) {
    Json config = FamilyConfig(model_type);
    config[field] = value;
    directory.Write("config.json", config.dump());
  };
}

// A whole model of `model_type`, with or without what `edit` changes of its tensors.
Damage Weights(const std::string& model_type, const std::function<void(StoredTensors&)>& edit) {
  return [=](const ModelDirectory& directory) {
    WriteFamily(directory, model_type);
    StoredTensors tensors = FamilyTensors(model_type);
    edit(tensors);
    directory.Write("model.safetensors", SafetensorsBytes(tensors));
  };
}

Damage Without(const std::string& model_type, const std::string& tensor) {
  return Weights(model_type, [tensor](StoredTensors& tensors) { tensors.erase(tensor); });
}

const BadModel kConfigs[] = {
    {"RelativePositions", Field("bert", "position_embedding_type", "relative_key"),
     R"("position_embedding_type": expected "absolute", as relative positions are not supported, )"
     R"(nor by transformers 5, found "relative_key")"},
    {"Decoder", Field("bert", "is_decoder", true),
     R"("is_decoder": expected false, as only encoders are supported, found true)"},
    {"CrossAttention", Field("roberta", "add_cross_attention", true),
     R"("add_cross_attention": expected false, as only encoders are supported, found true)"},
    {"Quantized", Field("xlm-roberta", "quantization_config", {{"quant_method", "gptq"}}),
     R"("quantization_config": the weights are quantized (quant_method "gptq"))"},
    {"UnknownActivation", Field("electra", "hidden_act", "mish"),
     R"("hidden_act": expected one of gelu, )"},
    {"MaskedLanguageModel", Field("bert", "architectures", {"BertForMaskedLM"}),
     R"("architectures": expected ["BertForSequenceClassification"], found ["BertForMaskedLM"])"},
    {"Discriminator", Field("electra", "architectures", {"ElectraForPreTraining"}),
     R"(expected ["ElectraForSequenceClassification"], found ["ElectraForPreTraining"])"},
    {"HeadsDoNotDivideHiddenSize", Field("bert", "num_attention_heads", 3),
     R"("hidden_size": expected a multiple of "num_attention_heads", 3, found 8)"},
    {"NoTokenTypes", Field("bert", "type_vocab_size", 0),
     R"("type_vocab_size": expected a whole number from 1 to 1000, found 0)"},
    {"EpsilonIsZero", Field("roberta", "layer_norm_eps", 0),
     R"("layer_norm_eps": expected a number from 1e-30 to 1, found 0)"},
    {"EpsilonIsText", Field("roberta", "layer_norm_eps", "1e-5"),
     R"("layer_norm_eps": expected a number from 1e-30 to 1, found "1e-5")"},
    {"NoPositionsBehindThePadding", Field("camembert", "pad_token_id", 13),
     R"("max_position_embeddings": expected at least "pad_token_id" + 4, which is 17, found 16)"},
    {"PaddingIsText", Field("roberta", "pad_token_id", "<pad>"),
     R"("pad_token_id": expected a whole number from 0 to 1000000, found "<pad>")"},
};

const BadModel kWeights[] = {
    {"BertWithoutPooler", Without("bert", "bert.pooler.dense.weight"),
     "the checkpoint has no tensor 'bert.pooler.dense.weight': expected a sequence classifier with "
     "the layers pooler.dense and classifier, found "},
    {"BertWithoutClassifier", Without("bert", "classifier.weight"),
     "the checkpoint has no tensor 'classifier.weight'"},
    {"RobertaWithoutDense", Without("roberta", "classifier.dense.weight"),
     "the checkpoint has no tensor 'classifier.dense.weight': expected a sequence classifier with "
     "the layers classifier.dense and classifier.out_proj, found "},
    {"ElectraWithoutClassifier", Without("electra", "classifier.out_proj.weight"),
     "the checkpoint has no tensor 'classifier.out_proj.weight'"},
    {"NoTokenTypes", Without("bert", "bert.embeddings.token_type_embeddings.weight"),
     "no tensor \"bert.embeddings.token_type_embeddings.weight\", expected one of shape [2, 8]"},
    {"NoProjection",
     [](const ModelDirectory& directory) {
       WriteFamily(directory, "electra");
       Field("electra", "embedding_size", 4)(directory);
     },
     "tensor \"electra.embeddings.word_embeddings.weight\": expected shape [20, 4], found [20, 8]"},
    {"RobertaNamedBert",
     Weights("roberta",
             [](StoredTensors& tensors) {
               StoredTensors renamed;
               for (const auto& [name, tensor] : tensors) {
                 const bool is_body = name.rfind("roberta.", 0) == 0;
                 renamed[is_body ? "bert." + name.substr(8) : name] = tensor;
               }
               tensors = renamed;
             }),
     "no tensor \"roberta.embeddings.word_embeddings.weight\", expected one of shape [20, 8]"},
};

class BadFamiliesTest : public TestWithParam<BadModel> {};

TEST_P(BadFamiliesTest, AreRefusedAtOnceWithTheirReason) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Config, BadFamiliesTest, ValuesIn(kConfigs), CaseName);
INSTANTIATE_TEST_SUITE_P(Weights, BadFamiliesTest, ValuesIn(kWeights), CaseName);

}  // namespace
}  // namespace verdict
