// What config.json may say. What it may not is in bad_files_test.cc.
#include "engine/models/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/engine/fixtures/model_directory.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

ModelConfig Load(const std::function<void(Json&)>& edit) {
  const ModelDirectory directory;
  directory.EditConfig(edit);
  const absl::StatusOr<ModelConfig> config = LoadModelConfig(directory.path());
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(ModelConfig());
}

// The config of distilbert-base-uncased-finetuned-sst-2-english, as transformers 4 wrote it.
TEST(ModelConfig, ReadsThePublishedSst2Config) {
  const ModelDirectory directory;
  directory.Write("config.json", R"({
    "activation": "gelu", "architectures": ["DistilBertForSequenceClassification"],
    "attention_dropout": 0.1, "dim": 768, "dropout": 0.1, "finetuning_task": "sst-2",
    "hidden_dim": 3072, "id2label": {"0": "NEGATIVE", "1": "POSITIVE"}, "initializer_range": 0.02,
    "label2id": {"NEGATIVE": 0, "POSITIVE": 1}, "max_position_embeddings": 512,
    "model_type": "distilbert", "n_heads": 12, "n_layers": 6, "output_past": true,
    "pad_token_id": 0, "qa_dropout": 0.1, "seq_classif_dropout": 0.2,
    "sinusoidal_pos_embds": false, "tie_weights_": true, "vocab_size": 30522})");
  const absl::StatusOr<ModelConfig> config = LoadModelConfig(directory.path());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->vocab_size, 30522);
  EXPECT_EQ(config->max_tokens(), 512);
  EXPECT_EQ(config->dim, 768);
  EXPECT_EQ(config->hidden_dim, 3072);
  EXPECT_EQ(config->n_layers, 6);
  EXPECT_EQ(config->n_heads, 12);
  EXPECT_EQ(config->head_dim(), 64);
  EXPECT_EQ(config->activation, HiddenActivation::kGelu);
  EXPECT_EQ(config->problem_type, ProblemType::kUnspecified);
  EXPECT_THAT(config->labels, ElementsAre("NEGATIVE", "POSITIVE"));
}

TEST(ModelConfig, OrdersLabelsByIndexNotByText) {
  const ModelConfig config = Load([](Json& json) {
    for (int i = 0; i < 12; ++i) json["id2label"][std::to_string(i)] = "L" + std::to_string(i);
  });
  ASSERT_EQ(config.labels.size(), 12u);
  EXPECT_EQ(config.labels[2], "L2");
  EXPECT_EQ(config.labels[10], "L10");
}

TEST(ModelConfig, NumbersLabelsThatHaveNoNames) {
  EXPECT_THAT(Load([](Json& json) {
                json.erase("id2label");
                json["num_labels"] = 3;
              }).labels,
              ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  EXPECT_THAT(Load([](Json& json) { json.erase("id2label"); }).labels,
              ElementsAre("LABEL_0", "LABEL_1"));
}

TEST(ModelConfig, TakesAMissingArchitectureForOurs) {
  EXPECT_EQ(Load([](Json& json) { json.erase("architectures"); }).dim, 8);
  EXPECT_EQ(Load([](Json& json) { json["architectures"] = nullptr; }).dim, 8);
  EXPECT_EQ(Load([](Json& json) { json["architectures"] = Json::array(); }).dim, 8);
}

TEST(ModelConfig, TakesWhatIsLeftOutAsTransformersDoes) {
  const ModelConfig config = Load([](Json& json) { json = {{"model_type", "distilbert"}}; });
  EXPECT_EQ(config.vocab_size, 30522);
  EXPECT_EQ(config.max_tokens(), 512);
  EXPECT_EQ(config.dim, 768);
  EXPECT_EQ(config.hidden_dim, 3072);
  EXPECT_EQ(config.n_layers, 6);
  EXPECT_EQ(config.n_heads, 12);
  EXPECT_EQ(config.activation, HiddenActivation::kGelu);
  EXPECT_THAT(config.labels, ElementsAre("LABEL_0", "LABEL_1"));
  EXPECT_EQ(config.defaults,
            "vocab_size 30522, max_position_embeddings 512, dim 768, hidden_dim 3072, n_layers 6, "
            "n_heads 12");
  EXPECT_EQ(Load([](Json& json) { json.erase("n_layers"); }).defaults, "n_layers 6");
}

TEST(ModelConfig, KnowsTheNamesOfOtherArchitectures) {
  const ModelConfig config = Load([](Json& json) {
    for (const char* name : {"dim", "n_layers", "n_heads"}) json.erase(name);
    json["hidden_size"] = 24;
    json["num_hidden_layers"] = 3;
    json["num_attention_heads"] = 4;
  });
  EXPECT_EQ(config.dim, 24);
  EXPECT_EQ(config.n_layers, 3);
  EXPECT_EQ(config.n_heads, 4);
  EXPECT_EQ(config.defaults, "");
  EXPECT_EQ(Load([](Json& json) { json["hidden_size"] = json["dim"]; }).dim, 8);
}

// All of transformers' ACT2FN that is GELU, or near it.
TEST(ModelConfig, KnowsEverySpellingOfGelu) {
  const auto activation = [](const char* name) {
    return Load([name](Json& json) { json["activation"] = name; }).activation;
  };
  for (const char* name : {"gelu", "gelu_python"}) {
    EXPECT_EQ(activation(name), HiddenActivation::kGelu) << name;
  }
  for (const char* name :
       {"gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh"}) {
    EXPECT_EQ(activation(name), HiddenActivation::kGeluTanh) << name;
  }
  EXPECT_EQ(activation("gelu_10"), HiddenActivation::kGelu10);
  EXPECT_EQ(activation("quick_gelu"), HiddenActivation::kQuickGelu);
  for (const char* name : {"silu", "swish"}) {
    EXPECT_EQ(activation(name), HiddenActivation::kSilu) << name;
  }
}

TEST(ModelConfig, WarnsOfWhatItDoesNotReadThoughItsAuthorMayThinkSo) {
  const auto warnings = [](const char* field, const Json& value) {
    return Load([&](Json& json) { json[field] = value; }).warnings;
  };
  EXPECT_THAT(warnings("architectures", {"MyClassifier"}),
              ElementsAre(HasSubstr("\"architectures\" is [\"MyClassifier\"]")));
  EXPECT_THAT(warnings("auto_map", {{"AutoModel", "my.Model"}}),
              ElementsAre(HasSubstr("\"auto_map\"")));
  EXPECT_THAT(warnings("hidden_act", "relu"), ElementsAre(HasSubstr("\"hidden_act\"")));
  EXPECT_THAT(warnings("label2id", {{"a", 0}, {"NEGATIVE", 1}}),
              ElementsAre(HasSubstr("\"label2id\" has \"NEGATIVE\" as 1, which \"id2label\" has")));
  EXPECT_THAT(Load([](Json& json) {
                json.erase("id2label");
                json["label2id"] = {{"a", 0}, {"b", 1}};
              }).warnings,
              ElementsAre(HasSubstr("has \"label2id\" but no \"id2label\"")));
  EXPECT_THAT(warnings("num_labels", 2), IsEmpty());
}

TEST(ModelConfig, LowersItsLimitAndSaysWhatSetsIt) {
  ModelConfig config = Load([](Json&) {});
  EXPECT_EQ(config.max_tokens_source(), "the model's max_position_embeddings");
  config.LowerMaxTokens(16, "no lower");
  EXPECT_EQ(config.max_tokens_source(), "the model's max_position_embeddings");
  config.LowerMaxTokens(9, "the one");
  config.LowerMaxTokens(12, "the other");
  EXPECT_EQ(config.max_tokens(), 9);
  EXPECT_EQ(config.max_tokens_source(), "the one");
}

TEST(ModelConfig, KnowsEveryProblemTypeByItsName) {
  for (const ProblemType type : {ProblemType::kRegression, ProblemType::kSingleLabelClassification,
                                 ProblemType::kMultiLabelClassification}) {
    const std::string name(ProblemTypeName(type));
    EXPECT_EQ(Load([&](Json& json) { json["problem_type"] = name; }).problem_type, type) << name;
  }
  EXPECT_EQ(ProblemTypeName(ProblemType::kUnspecified), "");
  EXPECT_EQ(Load([](Json& json) { json["problem_type"] = nullptr; }).problem_type,
            ProblemType::kUnspecified);
}

TEST(ModelConfig, KnowsRelu) {
  EXPECT_EQ(Load([](Json& json) { json["activation"] = "relu"; }).activation,
            HiddenActivation::kRelu);
}

TEST(ModelConfig, IgnoresFieldsThatDoNotChangeTheAnswer) {
  EXPECT_EQ(Load([](Json& json) {
              json["pad_token_id"] = "whatever";
              json["sinusoidal_pos_embds"] = true;
              json["attention_dropout"] = 0.5;
              json["label2id"] = Json::array();
            }).dim,
            8);
}

// A config.json that says only its model type and `fields`.
ModelConfig LoadFamily(const std::string& model_type, const Json& fields = Json::object()) {
  return Load([&](Json& json) {
    json = {{"model_type", model_type}};
    json.update(fields);
  });
}

TEST(ModelConfig, EveryArchitectureHasItsDefaults) {
  for (const std::string type : {"bert", "electra", "roberta", "xlm-roberta", "camembert"}) {
    const ModelConfig config = LoadFamily(type);
    EXPECT_EQ(config.vocab_size, type == "roberta" ? 50265 : 30522) << type;
    EXPECT_EQ(config.dim, type == "electra" ? 256 : 768) << type;
    EXPECT_EQ(config.embedding_dim, type == "electra" ? 128 : 768) << type;
    EXPECT_EQ(config.hidden_dim, type == "electra" ? 1024 : 3072) << type;
    EXPECT_EQ(config.n_layers, 12) << type;
    EXPECT_EQ(config.n_heads, type == "electra" ? 4 : 12) << type;
    EXPECT_EQ(config.activation, HiddenActivation::kGelu) << type;
    EXPECT_EQ(config.layer_norm_epsilon, 1e-12f) << type;
    EXPECT_EQ(config.token_types, 2) << type;
    const bool is_roberta_kind = type != "bert" && type != "electra";
    EXPECT_EQ(config.padding_id, is_roberta_kind ? 1 : -1) << type;
    EXPECT_EQ(config.max_tokens(), is_roberta_kind ? 510 : 512) << type;
  }
}

// That of cardiffnlp/twitter-roberta-base-sentiment, without what is not read.
TEST(ModelConfig, ReadsAPublishedRobertaConfig) {
  const ModelConfig config =
      LoadFamily("roberta", {{"architectures", {"RobertaForSequenceClassification"}},
                             {"hidden_act", "gelu_fast"},
                             {"hidden_size", 768},
                             {"id2label", {{"0", "LABEL_0"}, {"1", "LABEL_1"}, {"2", "LABEL_2"}}},
                             {"intermediate_size", 3072},
                             {"layer_norm_eps", 1e-05},
                             {"max_position_embeddings", 514},
                             {"num_attention_heads", 12},
                             {"num_hidden_layers", 12},
                             {"pad_token_id", 1},
                             {"position_embedding_type", "absolute"},
                             {"add_cross_attention", false},
                             {"is_decoder", false},
                             {"type_vocab_size", 1},
                             {"vocab_size", 50265}});
  EXPECT_EQ(config.max_tokens(), 512);
  EXPECT_EQ(config.max_tokens_source(),
            "the model's max_position_embeddings, less pad_token_id + 1");
  EXPECT_EQ(config.layer_norm_epsilon, 1e-5f);
  EXPECT_EQ(config.segments(), 1);
  EXPECT_EQ(config.activation, HiddenActivation::kGeluTanh);
  EXPECT_EQ(config.labels.size(), 3u);
  EXPECT_EQ(config.defaults, "");
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ModelConfig, ReadsElectrasEmbeddingSize) {
  const ModelConfig config =
      LoadFamily("electra", {{"embedding_size", 32}, {"hidden_size", 64}, {"summary_type", "x"}});
  EXPECT_EQ(config.embedding_dim, 32);
  EXPECT_EQ(config.dim, 64);
  EXPECT_EQ(config.segments(), 2);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ModelConfig, IsNotFoundWhereThereIsNone) {
  const ModelDirectory directory;
  directory.Remove("config.json");
  EXPECT_EQ(LoadModelConfig(directory.path()).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace verdict
