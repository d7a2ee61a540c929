// Every way we know in which the weights of a model can be wrong, in their files or for their
// model, one case each.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/engine/fixtures/bad_model.h"

namespace verdict {
namespace {

using ::testing::TestWithParam;
using ::testing::ValuesIn;

constexpr char kWords[] = "distilbert.embeddings.word_embeddings.weight";  // [20, 8]
constexpr char kHead[] = "classifier.weight";                              // [2, 8]
// The first two tensors of the data: [2] and [2, 8], 8 and 64 bytes.
constexpr char kFirst[] = "classifier.bias";
constexpr char kSecond[] = "classifier.weight";

Damage Header(const std::function<void(Json&)>& edit) {
  return [edit](const ModelDirectory& directory) { directory.EditHeader(edit); };
}

Damage HeaderText(const std::string& header) {
  return File("model.safetensors", SafetensorsBytes(header, ""));
}

Damage Entry(const std::string& field, const Json& value) {
  return Header([field, value](Json& header) { header[kSecond][field] = value; });
}

Damage Tensors(const std::function<void(StoredTensors&)>& edit) {
  return [edit](const ModelDirectory& directory) { directory.EditTensors(edit); };
}

Damage WithoutTensor(const std::string& name) {
  return Tensors([name](StoredTensors& tensors) { tensors.erase(name); });
}

Damage WithHead(const StoredTensor& tensor) {
  return Tensors([tensor](StoredTensors& tensors) { tensors[kHead] = tensor; });
}

Damage Renamed(const std::function<std::string(const std::string&)>& rename) {
  return Tensors([rename](StoredTensors& tensors) {
    StoredTensors renamed;
    for (const auto& [name, tensor] : tensors) renamed[rename(name)] = tensor;
    tensors = renamed;
  });
}

std::string Doubles(const std::vector<double>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
}

Damage WeightMap(const std::function<void(Json&)>& edit) {
  return [edit](const ModelDirectory& directory) {
    directory.Shard();
    directory.EditWeightMap(edit);
  };
}

Damage Index(const std::string& text) {
  return [text](const ModelDirectory& directory) {
    directory.Shard();
    directory.Write("model.safetensors.index.json", text);
  };
}

// Eight little-endian bytes.
std::string Length(uint64_t length) {
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length));
}

std::string Repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

constexpr int64_t kWordCount = 10'000'000;
constexpr int64_t kDim = 43'688;

// A whole model of 1.8 TB, in a file that holds nothing: its words, times its dimension.
void GrowBeyondTheMachine(const ModelDirectory& directory) {
  directory.EditConfig([](Json& config) {
    config["vocab_size"] = kWordCount;
    config["dim"] = kDim;
  });
  uint64_t end = 0, header_bytes = 0;
  directory.EditHeader([&](Json& header) {
    for (auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      const uint64_t begin = end;
      uint64_t size = sizeof(float);
      for (Json& dimension : entry["shape"]) {
        if (dimension == 8) dimension = kDim;
        if (dimension == 20) dimension = kWordCount;
        size *= dimension.get<uint64_t>();
      }
      end += size;
      entry["data_offsets"] = {begin, end};
    }
    header_bytes = header.dump().size();
  });
  std::filesystem::resize_file(directory.PathOf("model.safetensors"),
                               sizeof(uint64_t) + header_bytes + end);
}

const BadModel kHeaders[] = {
    {"EmptyFile", File("model.safetensors", ""), "has 0 bytes, expected at least 8"},
    {"SevenBytes", File("model.safetensors", "1234567"), "has 7 bytes, expected at least 8"},
    {"LengthThatWraps", File("model.safetensors", Length(std::numeric_limits<uint64_t>::max())),
     "the header's length is 18446744073709551615 bytes, expected at most 8388608"},
    {"LengthOverTheLimit", File("model.safetensors", Length(8'388'609) + std::string(100, ' ')),
     "the header's length is 8388609 bytes, expected at most 8388608"},
    {"LengthPastTheEnd", File("model.safetensors", Length(3) + "{}"),
     "the header's length is 3 bytes, but only 2 follow"},
    {"LengthZero", HeaderText(""), "header: not JSON at byte 1"},
    {"NotJson", HeaderText("{\"a\":}"), "header: not JSON at byte 6"},
    {"NotUtf8", HeaderText("{\"\xff\": 1}"), "header: not JSON at byte 3"},
    {"Array", HeaderText("[]"), "header: expected an object, found an array"},
    {"PaddedWithNul", HeaderText(std::string("{}\0\0", 4)), "header: not JSON: NUL at byte 2"},
    {"TooDeep", HeaderText(Repeated("{\"a\":", 100'000)), "header: nested deeper than 64 levels"},
    {"TooManyValues", HeaderText("{\"a\":[" + Repeated("[],", 200'000) + "0]}"),
     "header: holds more than 50000 values"},
    {"TensorTwice",
     HeaderText(R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                R"("w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
     "header: the name \"w\" is twice in one object"},
    {"MetadataIsNotAnObject", Header([](Json& header) { header["__metadata__"] = "pt"; }),
     "__metadata__: expected an object, found \"pt\""},
    {"MetadataIsNotText", Header([](Json& header) { header["__metadata__"]["format"] = 1; }),
     "__metadata__: \"format\": expected a string, found 1"},
    {"EntryIsNotAnObject", Header([](Json& header) { header[kSecond] = 3; }),
     "tensor \"classifier.weight\": expected an object, found 3"},
    {"NoDType", Header([](Json& header) { header[kSecond].erase("dtype"); }),
     "tensor \"classifier.weight\": has no dtype"},
    {"UnknownField", Entry("strides", {1, 8}),
     "tensor \"classifier.weight\": unknown field \"strides\""},
    {"UnknownDType", Entry("dtype", "F31"), "tensor \"classifier.weight\": unknown dtype \"F31\""},
    {"DTypeIsANumber", Entry("dtype", 32), "dtype: expected a string, found 32"},
    {"ShapeIsNotAnArray", Entry("shape", 16),
     "shape: expected an array of whole numbers, found 16"},
    {"NegativeDimension", Entry("shape", {-2, -8}),
     "shape: expected a whole number from 0 on, found -2"},
    {"FractionalDimension", Entry("shape", {2.0, 8}),
     "shape: expected a whole number from 0 on, found 2.0"},
    {"DimensionOver63Bits", Entry("shape", {uint64_t{1} << 63, 0}),
     "shape: dimension 9223372036854775808 is too large"},
    {"SizeOverflows", Entry("shape", {int64_t{1} << 40, int64_t{1} << 40}),
     "the size of shape [1099511627776, 1099511627776] overflows 64 bits"},
    {"SizeWrapsToZero", Entry("shape", {int64_t{1} << 32, int64_t{1} << 32, 16}),
     "overflows 64 bits"},
    {"SizeIsNoWholeBytes", HeaderText(R"({"w":{"dtype":"F4","shape":[3],"data_offsets":[0,0]}})"),
     "tensor \"w\": shape [3] has 12 bits, which are no whole bytes"},
    {"SizeDiffersFromTheRange", Entry("shape", {2, 9}),
     "shape [2, 9] of F32 needs 72 bytes, but data_offsets [8, 72) hold 64"},
    {"NegativeOffset", Entry("data_offsets", {-8, 56}),
     "data_offsets: expected a whole number from 0 on, found -8"},
    {"FractionalOffset", Entry("data_offsets", {8, 72.0}),
     "data_offsets: expected a whole number from 0 on, found 72.0"},
    {"OneOffset", Entry("data_offsets", Json::array({8})),
     "data_offsets: expected 2 numbers, found 1"},
    {"ThreeOffsets", Entry("data_offsets", {8, 72, 80}),
     "data_offsets: expected 2 numbers, found 3"},
    {"ReversedOffsets", Entry("data_offsets", {72, 8}), "data_offsets [72, 8) are reversed"},
    {"OffsetsPastTheEnd", Entry("data_offsets", {1'000'000, 1'000'064}),
     "data_offsets [1000000, 1000064) pass the end of the data at"},
    {"Overlap", Entry("data_offsets", {4, 68}),
     "tensor \"classifier.weight\": data_offsets [4, 68) overlap those of tensor "
     "\"classifier.bias\", which end at 8"},
    {"SameBytesTwice",
     File("model.safetensors",
          SafetensorsBytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                           R"("b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                           "x")),
     "tensor \"b\": data_offsets [0, 1) overlap those of tensor \"a\", which end at 1"},
    {"Hole", Header([](Json& header) { header.erase(kSecond); }),
     "bytes [8, 72) of the data, between tensor \"classifier.bias\" and tensor "},
    {"HoleAtTheBeginning", Header([](Json& header) { header.erase(kFirst); }),
     "bytes [0, 8) of the data, between the header and tensor \"classifier.weight\", belong to"},
    {"BytesAfterTheLastTensor",
     File("model.safetensors", SafetensorsBytes(ModelDirectory::Tensors()) + "x"),
     "of the data, after tensor \"pre_classifier.weight\", belong to no tensor"},
    {"CutShort", [](const auto& directory) { directory.Cut("model.safetensors", 4'000); },
     "pass the end of the data at"},
    {"CutInTheHeader", [](const auto& directory) { directory.Cut("model.safetensors", 100); },
     "but only 92 follow"},
};

const BadModel kShards[] = {
    {"IndexIsNotJson", Index("{"), "model.safetensors.index.json: not JSON"},
    {"NoWeightMap", Index("{}"), "model.safetensors.index.json: has no \"weight_map\""},
    {"EmptyWeightMap", Index(R"({"weight_map": {}})"), "found an empty one"},
    {"WeightMapIsAnArray", Index(R"({"weight_map": []})"),
     "\"weight_map\": expected an object with a file name per tensor, found an array"},
    {"TensorTwiceInTheIndex", Index(R"({"weight_map": {"a": "x", "a": "x"}})"),
     "the name \"a\" is twice in one object"},
    {"PathInsteadOfAName", WeightMap([](Json& map) { map[kHead] = "../model.safetensors"; }),
     "tensor \"classifier.weight\": expected the plain name of a file in the same directory, found "
     "\"../model.safetensors\""},
    {"AbsolutePath", WeightMap([](Json& map) { map[kHead] = "/etc/passwd"; }), "\"/etc/passwd\""},
    {"ParentAsAName", WeightMap([](Json& map) { map[kHead] = ".."; }), "found \"..\""},
    {"NameWithNul", WeightMap([](Json& map) { map[kHead] = std::string("a\0b", 3); }),
     "expected the plain name"},
    {"NameIsANumber", WeightMap([](Json& map) { map[kHead] = 1; }), "found 1"},
    {"ShardIsMissing",
     [](const auto& directory) {
       directory.Shard();
       directory.Remove(kSecondShard);
     },
     "model-00002-of-00002.safetensors: cannot be opened: No such file or directory"},
    {"ShardIsCutShort",
     [](const auto& directory) {
       directory.Shard();
       directory.Cut(kSecondShard, 300);
     },
     "model-00002-of-00002.safetensors: tensor \"pre_classifier"},
    {"TensorInTwoShards",
     [](const auto& directory) {
       directory.Shard();
       StoredTensors second;
       for (const char* name : {kHead, "pre_classifier.bias", "pre_classifier.weight"}) {
         second[name] = ModelDirectory::Tensors()[name];
       }
       directory.Write(kSecondShard, SafetensorsBytes(second));
     },
     "model-00002-of-00002.safetensors: holds tensor \"classifier.weight\", which "
     "model.safetensors.index.json says is in \"model-00001-of-00002.safetensors\""},
    {"TensorNotInTheIndex", WeightMap([](Json& map) { map.erase(kHead); }),
     "model-00001-of-00002.safetensors: tensor \"classifier.weight\" is not in "
     "model.safetensors.index.json"},
    {"TensorNotInItsShard", WeightMap([](Json& map) { map["another"] = kFirstShard; }),
     "model-00001-of-00002.safetensors: has no tensor \"another\", which "
     "model.safetensors.index.json says it holds"},
    {"TensorInTheOtherShard", WeightMap([](Json& map) { map[kHead] = kSecondShard; }),
     "holds tensor \"classifier.weight\", which model.safetensors.index.json says is in "
     "\"model-00002-of-00002.safetensors\""},
};

const BadModel kModels[] = {
    {"NoClassifier", WithoutTensor(kHead), "no tensor 'classifier.weight'"},
    {"NoPreClassifier", WithoutTensor("pre_classifier.weight"),
     "no tensor 'pre_classifier.weight'"},
    {"NoBiasOfTheHead", WithoutTensor(kFirst),
     "no tensor \"classifier.bias\", expected one of shape [2]"},
    {"NoWordEmbeddings", WithoutTensor(kWords),
     "no tensor \"distilbert.embeddings.word_embeddings.weight\", expected one of shape [20, 8]"},
    {"NoLayerNorm", WithoutTensor("distilbert.embeddings.LayerNorm.bias"),
     "no tensor \"distilbert.embeddings.LayerNorm.bias\", expected one of shape [8]"},
    {"OneLayerLess", ConfigValue("n_layers", 2),
     "no tensor \"distilbert.transformer.layer.1.attention.q_lin.weight\""},
    {"Transposed", WithHead(F32Tensor({8, 2}, std::vector<float>(16))),
     "tensor \"classifier.weight\": expected shape [2, 8], found [8, 2]"},
    {"FlatInsteadOfAMatrix", WithHead(F32Tensor({16}, std::vector<float>(16))),
     "expected shape [2, 8], found [16]"},
    {"ScalarInsteadOfAMatrix", WithHead(F32Tensor({}, {1})), "expected shape [2, 8], found []"},
    {"MoreLabelsThanRows", ConfigValue("id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}}),
     "expected shape [3, 8], found [2, 8]"},
    {"Integers", WithHead({"I32", {2, 8}, std::string(64, '\0')}),
     "tensor \"classifier.weight\": expected dtype F32, F16, BF16 or F64, found I32"},
    {"DoubleThatIsTooLarge",
     WithHead({"F64", {2, 8}, Doubles({0, -1e300, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})}),
     "tensor \"classifier.weight\": value 1 is -inf in float32, expected a finite number"},
    {"NaNInF64", WithHead({"F64", {2, 8}, Doubles(std::vector<double>(16, std::nan("")))}),
     "value 0 is nan"},
    {"PrefixOfSomeNames",
     Renamed([](const std::string& name) { return name == kFirst ? name : "module." + name; }),
     "the checkpoint has \"module.pre_classifier.weight\", but not all its names begin with "
     "\"module.\": it holds \"classifier.bias\", "},
    {"OtherNames", Renamed([](const std::string& name) { return "x" + name; }),
     "the checkpoint has no tensor 'pre_classifier.weight': expected a sequence classifier with "
     "the "
     "layers pre_classifier and classifier, found \"xclassifier.bias\", \"xclassifier.weight\", "
     "\"xdistilbert.embeddings.LayerNorm.bias\" and 21 more"},
    {"LoraThatIsNotMerged", Tensors([](StoredTensors& tensors) {
       tensors["distilbert.transformer.layer.0.attention.q_lin.lora_A.weight"] =
           F32Tensor({2, 8}, std::vector<float>(16));
     }),
     "holds LoRA weights, \"distilbert.transformer.layer.0.attention.q_lin.lora_A.weight\", which "
     "are not applied"},
    {"NaN",
     WithHead(F32Tensor({2, 8}, {0, 0, 0, 0, 0, std::numeric_limits<float>::quiet_NaN(), 0, 0, 0, 0,
                                 0, 0, 0, 0, 0, 0})),
     "tensor \"classifier.weight\": value 5 is nan, expected a finite number"},
    {"InfinityInF16", WithHead({"F16", {2, 8}, std::string(30, '\0') + std::string("\0\xfc", 2)}),
     "tensor \"classifier.weight\": value 15 is -inf, expected a finite number"},
    {"NaNInBF16", WithHead({"BF16", {2, 8}, std::string("\xc0\x7f", 2) + std::string(30, '\0')}),
     "value 0 is nan"},
    {"Overflow", Tensors([](StoredTensors& tensors) {
       tensors["pre_classifier.bias"] = F32Tensor({8}, std::vector<float>(8, 100));
       tensors["classifier.weight"] = F32Tensor({2, 8}, std::vector<float>(16, 3e38f));
     }),
     "the model's weights overflow: of a text of 1 tokens, logit 0 is inf"},
    {"LargerThanTheMachine", GrowBeyondTheMachine, "MB of memory ("},
    {"MorePositionsThanRows", ConfigValue("max_position_embeddings", 17),
     "expected shape [17, 8], found [16, 8]"},
};

class BadWeightsTest : public TestWithParam<BadModel> {};

TEST_P(BadWeightsTest, AreRefusedAtOnceWithTheirReason) { ExpectRefused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Header, BadWeightsTest, ValuesIn(kHeaders), CaseName);
INSTANTIATE_TEST_SUITE_P(Shards, BadWeightsTest, ValuesIn(kShards), CaseName);
INSTANTIATE_TEST_SUITE_P(Model, BadWeightsTest, ValuesIn(kModels), CaseName);

}  // namespace
}  // namespace verdict
