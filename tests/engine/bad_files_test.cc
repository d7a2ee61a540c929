// Every way we know in which the files of a model directory, its config.json or its tokenizer can
// be wrong, one case each. Of the weights: bad_weights_test.cc.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/engine/fixtures/bad_model.h"

namespace verdict {
namespace {

using ::testing::TestWithParam;
using ::testing::ValuesIn;

// The control: without damage the directory is a model, whole and in shards.
TEST(GoodModelTest, Loads) {
  const ModelDirectory directory;
  EXPECT_EQ(Refusal(directory.path()), absl::OkStatus());
  directory.Shard();
  EXPECT_EQ(Refusal(directory.path()), absl::OkStatus());
}

constexpr char kPointer[] =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

const BadModel kFiles[] = {
    {"NoDirectory", [](const auto& directory) { std::filesystem::remove_all(directory.path()); },
     "there is no such directory"},
    {"DirectoryIsAFile",
     [](const auto& directory) {
       std::filesystem::rename(directory.PathOf("config.json"), directory.path() + ".json");
       std::filesystem::remove_all(directory.path());
       std::filesystem::rename(directory.path() + ".json", directory.path());
     },
     "is a file; expected the directory that holds it"},
    {"NoConfig", [](const auto& directory) { directory.Remove("config.json"); },
     "has no config.json; expected a directory as save_pretrained writes it"},
    {"NoWeights", [](const auto& directory) { directory.Remove("model.safetensors"); },
     "expected model.safetensors or model.safetensors.index.json, found neither"},
    {"ConfigIsADirectory",
     [](const auto& directory) {
       directory.Remove("config.json");
       std::filesystem::create_directory(directory.PathOf("config.json"));
     },
     "config.json: expected a regular file, found a directory"},
    {"WeightsAreAPipe",
     [](const auto& directory) {
       directory.Remove("model.safetensors");
       ASSERT_EQ(mkfifo(directory.PathOf("model.safetensors").c_str(), 0600), 0);
     },
     "model.safetensors: expected a regular file, found a device, pipe or socket"},
    {"WeightsAreACycleOfLinks",
     [](const auto& directory) {
       directory.Remove("model.safetensors");
       std::filesystem::create_symlink("model.safetensors", directory.PathOf("model.safetensors"));
     },
     "model.safetensors: cannot be opened: Too many levels of symbolic links"},
    {"WeightsAreAGitLfsPointer", File("model.safetensors", kPointer),
     "model.safetensors: is a Git LFS pointer, not the file itself: run `git lfs install` and"},
    {"ConfigIsAGitLfsPointer", File("config.json", kPointer), "config.json: is a Git LFS pointer"},
    {"WordsAreAGitLfsPointer", File("vocab.txt", kPointer), "vocab.txt: is a Git LFS pointer"},
    {"TokenizerIsAGitLfsPointer", File("tokenizer.json", kPointer),
     "tokenizer.json: is a Git LFS pointer"},
    {"IndexIsAGitLfsPointer",
     [](const auto& directory) {
       directory.Shard();
       directory.Write("model.safetensors.index.json", kPointer);
     },
     "model.safetensors.index.json: is a Git LFS pointer"},
    {"AShardIsAGitLfsPointer",
     [](const auto& directory) {
       directory.Shard();
       directory.Write(kSecondShard, kPointer);
     },
     "model-00002-of-00002.safetensors: is a Git LFS pointer"},
    {"WeightsAreAZipFile", File("model.safetensors", "PK\x03\x04 and what follows"),
     "model.safetensors: is a zip file, as PyTorch's .bin files are"},
};

const BadModel kConfigs[] = {
    {"NotJson", File("config.json", "{\"dim\": 8,"), "config.json: not JSON at byte 11"},
    {"Empty", File("config.json", ""), "config.json: not JSON at byte 1"},
    {"Array", File("config.json", "[]"), "config.json: expected a JSON object, found an array"},
    {"NameTwice", File("config.json", R"({"dim": 8, "dim": 9})"),
     "config.json: the name \"dim\" is twice in one object"},
    {"TooDeep", File("config.json", "{\"a\":" + std::string(200'000, '[')),
     "config.json: nested deeper than 64 levels"},
    {"TooLarge",
     [](const auto& directory) {
       std::filesystem::resize_file(directory.PathOf("config.json"), uint64_t{1} << 40);
     },
     "config.json: has 1099511627776 bytes, expected at most 1048576"},
    {"AnotherModelType", ConfigValue("model_type", "deberta-v2"),
     R"("model_type": expected one of bert, camembert, distilbert, electra, roberta, xlm-roberta, )"
     R"(found "deberta-v2")"},
    {"NoModelType", Config([](Json& config) { config.erase("model_type"); }),
     R"("model_type": expected one of bert, camembert, distilbert, electra, roberta, xlm-roberta, )"
     "found nothing"},
    {"BodyWithoutHead", ConfigValue("architectures", Json::array({"DistilBertModel"})),
     R"("architectures": expected ["DistilBertForSequenceClassification"], )"
     R"(found ["DistilBertModel"])"},
    {"NoDim", Config([](Json& config) {
       config.erase("dim");
       config["n_heads"] = 12;
     }),
     "expected shape [20, 768], found [20, 8]; config.json leaves out, and transformers takes, dim "
     "768"},
    {"ArchitectureIsText", ConfigValue("architectures", "DistilBertForSequenceClassification"),
     R"("architectures": expected ["DistilBertForSequenceClassification"], found "DistilBert)"},
    {"OtherHeadBesideAnother",
     ConfigValue("architectures", {"Mine", "DistilBertForMultipleChoice"}),
     R"(found ["Mine", "DistilBertForMultipleChoice"])"},
    {"TwoNamesThatDiffer", ConfigValue("hidden_size", 16),
     R"("dim": expected the same as its other name "hidden_size", 16, found 8)"},
    {"OtherNameOutOfRange", Config([](Json& config) {
       config.erase("n_layers");
       config["num_hidden_layers"] = 0;
     }),
     R"("num_hidden_layers": expected a whole number from 1 to 256, found 0)"},
    {"Quantized", ConfigValue("quantization_config", {{"quant_method", "bitsandbytes"}}),
     R"("quantization_config": the weights are quantized (quant_method "bitsandbytes"), which is )"
     "not supported"},
    {"PrunedHeads", ConfigValue("pruned_heads", {{"0", {1}}}),
     R"("pruned_heads": expected none, as pruned heads are not supported, found an object)"},
    {"DimIsText", ConfigValue("dim", "8"),
     R"("dim": expected a whole number from 1 to 43690, found "8")"},
    {"DimIsAFraction", ConfigValue("dim", 8.0),
     R"("dim": expected a whole number from 1 to 43690, found 8.0)"},
    {"DimIsNegative", ConfigValue("dim", -8), "found -8"},
    {"DimWrapsToItself", ConfigValue("dim", (uint64_t{1} << 32) + 8), "found 4294967304"},
    {"NoLayers", ConfigValue("n_layers", 0),
     R"("n_layers": expected a whole number from 1 to 256, found 0)"},
    {"HugeHiddenDim", ConfigValue("hidden_dim", 43'691),
     "expected a whole number from 1 to 43690, found 43691"},
    {"NoRoomForAPair", ConfigValue("max_position_embeddings", 2),
     R"("max_position_embeddings": expected a whole number from 3 to 1000000, found 2)"},
    {"HeadsDoNotDivideDim", ConfigValue("n_heads", 3),
     R"("dim": expected a multiple of "n_heads", 3, found 8)"},
    {"UnknownActivation", ConfigValue("activation", "mish"),
     R"("activation": expected one of gelu, gelu_python, gelu_10, gelu_new, gelu_fast, )"
     R"(gelu_accurate, gelu_pytorch_tanh, gelu_python_tanh, quick_gelu, silu, swish, relu, found )"
     R"("mish")"},
    {"SoftmaxOverOneLabel", Config([](Json& config) {
       config["problem_type"] = "single_label_classification";
       config["id2label"] = {{"0", "TOXIC"}};
     }),
     R"("problem_type": single_label_classification needs two labels or more, and the model has )"
     "one, whose softmax is 1 for every text"},
    {"LabelsOfTwoNumbers", ConfigValue("num_labels", 9),
     R"("num_labels": expected as many as "id2label" has, 2, found 9)"},
    {"UnknownProblemType", ConfigValue("problem_type", "ranking"),
     R"("problem_type": expected one of regression, single_label_classification, )"
     R"(multi_label_classification, found "ranking")"},
    {"LabelLeftOut", ConfigValue("id2label", {{"0", "a"}, {"2", "c"}}),
     "\"id2label\": has 2 labels, but none for index 1"},
    {"LabelIndexTwice", ConfigValue("id2label", {{"0", "a"}, {"00", "b"}}),
     "\"id2label\": has 2 labels, but none for index 1"},
    {"EmptyLabel", ConfigValue("id2label", {{"0", "a"}, {"1", ""}}),
     R"("id2label": index 1: expected a name of 1 to 1000 bytes, found "")"},
    {"LabelIsANumber", ConfigValue("id2label", {{"0", "a"}, {"1", 7}}), "index 1: expected a name"},
    {"LabelsAreAnArray", ConfigValue("id2label", Json::array({"a", "b"})),
     R"("id2label": expected an object of 1 to 10000 labels, found an array)"},
    {"NoLabels", Config([](Json& config) {
       config.erase("id2label");
       config["num_labels"] = 0;
     }),
     R"("num_labels": expected a whole number from 1 to 10000, found 0)"},
};

const BadModel kTokenizers[] = {
    {"None", [](const auto& directory) { directory.Remove("vocab.txt"); },
     "expected tokenizer.json, or vocab.txt, or vocab.json and merges.txt, found none"},
    {"NoWords", File("vocab.txt", ""), "vocab.txt: expected"},
    {"WordsAreNotUtf8", File("vocab.txt", "[PAD]\n\xff\n"), "vocab.txt: not UTF-8 at byte 6"},
    {"NoClassToken", File("vocab.txt", "[PAD]\n[UNK]\n[SEP]\n[MASK]\na\n"), "[CLS]"},
    {"JsonIsCutShort", File("tokenizer.json", "{\"model\": {\"type\": \"WordPiece\""),
     "tokenizer.json: not JSON at byte"},
    {"Unigram", File("tokenizer.json", R"({"model": {"type": "Unigram", "vocab": []}})"),
     "tokenizer.json: \"model.type\": expected \"WordPiece\" or \"BPE\", found \"Unigram\""},
    {"BpeWithoutMerges", File("tokenizer.json", R"({"model": {"type": "BPE", "vocab": {}}})"),
     "tokenizer.json: \"model.merges\": expected an array, found nothing"},
    {"VocabJsonAlone",
     [](const auto& directory) {
       directory.Remove("vocab.txt");
       File("vocab.json", "{}")(directory);
     },
     "merges.txt: expected beside vocab.json, found nothing"},
    {"AnotherClass", File("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})"),
     "found \"RobertaTokenizer\""},
    {"AddedTokensAreAList", File("added_tokens.json", "[\"x\"]"),
     "added_tokens.json: expected an object, found an array"},
    {"AddedTokenTwice", File("added_tokens.json", R"({"x": 20, "x": 21})"),
     "added_tokens.json: the name \"x\" is twice in one object"},
    {"AddedTokenBeyondTheEmbedding", File("added_tokens.json", R"({"x": 20})"), "ids up to 20"},
    {"MapOfNumbers", File("special_tokens_map.json", R"({"cls_token": 3})"),
     "special_tokens_map.json: \"cls_token\": expected a token"},
    {"MapIsNotUtf8", File("special_tokens_map.json", "{\"cls_token\": \"\xff\"}"),
     "special_tokens_map.json: not JSON at byte"},
    {"OfALargerModel", ConfigValue("vocab_size", 19),
     "ids up to 19, but config.json's vocab_size is 19"},
};

class BadFilesTest : public TestWithParam<BadModel> {};

TEST_P(BadFilesTest, AreRefusedAtOnceWithTheirReason) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, BadFilesTest, ValuesIn(kFiles), CaseName);
INSTANTIATE_TEST_SUITE_P(Config, BadFilesTest, ValuesIn(kConfigs), CaseName);
INSTANTIATE_TEST_SUITE_P(Tokenizer, BadFilesTest, ValuesIn(kTokenizers), CaseName);

}  // namespace
}  // namespace verdict
