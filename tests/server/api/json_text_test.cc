#include "server/api/json_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Complaint(const std::string& json) {
  v1::ClassifyRequest request;
  return std::string(ReadJson(json, &request).message());
}

std::string BatchComplaint(const std::string& json) {
  v1::ClassifyBatchRequest request;
  return std::string(ReadJson(json, &request).message());
}

TEST(JsonTextTest, AFieldThatWasMistypedIsNamed) {
  EXPECT_EQ(Complaint(R"({"inputs":{}})"),
            R"(the body has no field "inputs"; did you mean "input"?)");
  EXPECT_EQ(Complaint(R"({"input":{"txt":"a"}})"),
            R"(input has no field "txt"; did you mean "text"?)");
  EXPECT_EQ(Complaint(R"({"options":{"top-k":1}})"),
            R"(options has no field "top-k"; did you mean "topK"?)");
  EXPECT_EQ(BatchComplaint(R"({"input":[]})"),
            R"(the body has no field "input"; did you mean "inputs"?)");
}

TEST(JsonTextTest, AFieldOneLevelBelowIsFound) {
  EXPECT_EQ(Complaint(R"({"text":"a"})"),
            R"(the body has no field "text"; did you mean "input.text"?)");
  EXPECT_EQ(BatchComplaint(R"({"text":"a"})"),
            R"(the body has no field "text"; did you mean "inputs[0].text"?)");
}

TEST(JsonTextTest, AFieldLikeNoOtherIsAnsweredWithAll) {
  EXPECT_EQ(Complaint(R"({"model":"x"})"),
            R"(the body has no field "model"; expected one of input, options)");
  EXPECT_THAT(Complaint("{\"" + std::string(100'000, 'x') + "\":1}"),
              HasSubstr("x…\"; expected one of"));
}

TEST(JsonTextTest, AnUnknownEnumValueIsAnsweredWithThoseThatThereAre) {
  EXPECT_EQ(Complaint(R"({"options":{"truncation":"UP"}})"),
            R"(options.truncation is "UP"; expected one of ERROR, RIGHT, LEFT, HEAD_TAIL)");
  EXPECT_EQ(Complaint(R"({"options":{"activation":[]}})"),
            "options.activation is an array; expected one of SOFTMAX, SIGMOID, NONE");
}

TEST(JsonTextTest, AWrongJsonTypeIsNamed) {
  EXPECT_EQ(Complaint(R"({"input":"a"})"),
            "input is a string; expected an object with text, textPair");
  EXPECT_EQ(Complaint("[]"), "the body is an array; expected an object with input, options");
  EXPECT_EQ(Complaint(R"({"input":{"text":1e3,"textPair":[]}})"),
            "input.text is a number; expected a string");
  EXPECT_EQ(BatchComplaint(R"({"inputs":[{"text":"a"},"b"]})"),
            "inputs[1] is a string; expected an object with text, textPair");
}

TEST(JsonTextTest, InvalidJsonIsReportedWithoutItsText) {
  EXPECT_THAT(Complaint("{"), HasSubstr("is not the JSON of a verdict.v1.ClassifyRequest"));
  EXPECT_THAT(Complaint(R"({"input":{"text":"secret"}} x)"), Not(HasSubstr("secret")));
  EXPECT_THAT(Complaint(std::string(100'000, '[')), HasSubstr("is not the JSON"));
}

TEST(JsonTextTest, BothNamesOfAFieldAreRight) {
  EXPECT_EQ(Complaint(R"({"input":{"text_pair":"a"},"options":{"topK":1,"return_logits":true}})"),
            "");
}

}  // namespace
}  // namespace verdict
