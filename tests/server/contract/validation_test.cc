#include "server/contract/validation.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "google/protobuf/descriptor.h"
#include "verdict/unchecked/v1/classifier.pb.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

constexpr RequestLimits kLimits = {.max_inputs = 3, .max_text_bytes = 10};

unchecked::v1::Input Input(const std::string& text) {
  unchecked::v1::Input input;
  input.set_text(text);
  return input;
}

unchecked::v1::Input Pair(const std::string& text, const std::string& text_pair) {
  unchecked::v1::Input input = Input(text);
  input.set_text_pair(text_pair);
  return input;
}

std::string Refusal(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(CheckInputTest, TakesTextUpToTheLimit) {
  const unchecked::v1::Input input = Input("0123456789");
  const absl::StatusOr<TextInput> checked = CheckInput(input, "input", kLimits);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->text, "0123456789");
  EXPECT_FALSE(checked->text_pair.has_value());
}

TEST(CheckInputTest, TakesPairs) {
  const unchecked::v1::Input input = Pair("one", "two");
  const absl::StatusOr<TextInput> checked = CheckInput(input, "input", kLimits);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->text, "one");
  EXPECT_EQ(checked->text_pair, "two");
}

TEST(CheckInputTest, TakesTextThatIsOnlySpace) {
  EXPECT_TRUE(CheckInput(Input(" "), "input", kLimits).ok());
}

TEST(CheckInputTest, RefusesEmptyText) {
  EXPECT_EQ(Refusal(CheckInput(Input(""), "inputs[3]", kLimits).status()),
            "inputs[3].text is empty; expected a text");
  EXPECT_EQ(Refusal(CheckInput(unchecked::v1::Input(), "input", kLimits).status()),
            "input.text is empty; expected a text");
  EXPECT_EQ(Refusal(CheckInput(Pair("one", ""), "input", kLimits).status()),
            "input.text_pair is empty; expected a text");
}

TEST(CheckInputTest, RefusesLongText) {
  EXPECT_EQ(Refusal(CheckInput(Input("0123456789a"), "input", kLimits).status()),
            "input.text has 11 bytes; --max-text-bytes allows 10: cut or split it");
}

TEST(CheckInputTest, TheLimitHoldsForBothTextsTogether) {
  EXPECT_EQ(Refusal(CheckInput(Pair("012345", "6789a"), "input", kLimits).status()),
            "input.text and .text_pair have 11 bytes; --max-text-bytes allows 10: cut or split it");
}

TEST(CheckInputTest, NamesTheByteThatIsNotUtf8) {
  EXPECT_EQ(
      Refusal(CheckInput(Input("abc\xFFzz"), "inputs[0]", kLimits).status()),
      "inputs[0].text is not valid UTF-8: byte 3 of 6 begins no character; encode the text as "
      "UTF-8");
  EXPECT_EQ(Refusal(CheckInput(Pair("fine", "\xC0\x80"), "input", kLimits).status()),
            "input.text_pair is not valid UTF-8: byte 0 of 2 begins no character; encode the text "
            "as UTF-8");
}

TEST(CheckInputCountTest, TakesOneToTheLimit) {
  EXPECT_TRUE(CheckInputCount(1, kLimits).ok());
  EXPECT_TRUE(CheckInputCount(3, kLimits).ok());
}

TEST(CheckInputCountTest, RefusesNoneAndTooMany) {
  EXPECT_EQ(Refusal(CheckInputCount(0, kLimits)), "inputs is empty; expected at least one");
  EXPECT_EQ(Refusal(CheckInputCount(10'000, kLimits)),
            "inputs has 10000 texts; --max-inputs allows 3: split them into several calls");
}

TEST(CheckOptionsTest, SayingNothingMeansTheDefaults) {
  const absl::StatusOr<ClassifyOptions> options =
      CheckOptions(unchecked::v1::Options(),
                   {.activation = Activation::kSigmoid, .truncation = Truncation::kHeadTail});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->top_k, 2U);  // all that the model has
  EXPECT_EQ(options->activation, Activation::kSigmoid);
  EXPECT_EQ(options->truncation, Truncation::kHeadTail);
  EXPECT_FALSE(options->return_logits);
}

TEST(CheckOptionsTest, OfManyLabelsTheBestHundredAreTheDefault) {
  EXPECT_EQ(CheckOptions(unchecked::v1::Options(), {.labels = 101})->top_k, 100U);
  unchecked::v1::Options all;
  all.set_top_k(101);
  EXPECT_EQ(CheckOptions(all, {.labels = 101})->top_k, 101U);
}

TEST(CheckOptionsTest, EveryActivationAndTruncationOfTheContractIsKnown) {
  using unchecked::v1::Options;
  const auto activation = [](unchecked::v1::Activation value) {
    Options options;
    options.set_activation(value);
    return CheckOptions(options, {}).value().activation;
  };
  EXPECT_EQ(activation(unchecked::v1::SOFTMAX), Activation::kSoftmax);
  EXPECT_EQ(activation(unchecked::v1::SIGMOID), Activation::kSigmoid);
  EXPECT_EQ(activation(unchecked::v1::NONE), Activation::kNone);
  const auto truncation = [](unchecked::v1::Truncation value) {
    Options options;
    options.set_truncation(value);
    return CheckOptions(options, {}).value().truncation;
  };
  EXPECT_EQ(truncation(unchecked::v1::ERROR), Truncation::kError);
  EXPECT_EQ(truncation(unchecked::v1::RIGHT), Truncation::kRight);
  EXPECT_EQ(truncation(unchecked::v1::LEFT), Truncation::kLeft);
  EXPECT_EQ(truncation(unchecked::v1::HEAD_TAIL), Truncation::kHeadTail);
}

TEST(CheckOptionsTest, RefusesUnknownEnums) {
  unchecked::v1::Options activation;
  activation.set_activation(static_cast<unchecked::v1::Activation>(99));
  EXPECT_EQ(Refusal(CheckOptions(activation, {}).status()),
            "options.activation is 99; expected 0 to 3");
  unchecked::v1::Options truncation;
  truncation.set_truncation(static_cast<unchecked::v1::Truncation>(-1));
  EXPECT_EQ(Refusal(CheckOptions(truncation, {}).status()),
            "options.truncation is -1; expected 0 to 4");
}

TEST(CheckOptionsTest, SoftmaxOverOneLabelIsRefused) {
  const auto refusal = [](unchecked::v1::Activation activation, size_t labels) {
    unchecked::v1::Options options;
    options.set_activation(activation);
    return std::string(CheckOptions(options, {.labels = labels}).status().message());
  };
  EXPECT_EQ(refusal(unchecked::v1::SOFTMAX, 1),
            "options.activation is SOFTMAX, which is 1 for every text, as the model has one label; "
            "expected SIGMOID or NONE");
  EXPECT_EQ(refusal(unchecked::v1::SOFTMAX, 2), "");
  EXPECT_EQ(refusal(unchecked::v1::SIGMOID, 1), "");
  EXPECT_EQ(refusal(unchecked::v1::NONE, 1), "");
  EXPECT_EQ(refusal(unchecked::v1::ACTIVATION_UNSPECIFIED, 1), "");
}

// What the server parses must be what clients send: the same but for strings that may hold any
// bytes.
TEST(UncheckedMessagesTest, AreTheContractsWithBytesForStrings) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::FileDescriptor* contract = v1::Input::descriptor()->file();
  const google::protobuf::FileDescriptor* twin = unchecked::v1::Input::descriptor()->file();
  ASSERT_EQ(contract->message_type_count(), twin->message_type_count());
  for (int i = 0; i < contract->message_type_count(); ++i) {
    const google::protobuf::Descriptor* message = contract->message_type(i);
    const google::protobuf::Descriptor* copy = twin->FindMessageTypeByName(message->name());
    ASSERT_NE(copy, nullptr) << message->name();
    ASSERT_EQ(message->field_count(), copy->field_count()) << message->name();
    for (int j = 0; j < message->field_count(); ++j) {
      const FieldDescriptor* field = message->field(j);
      const FieldDescriptor* field_copy = copy->FindFieldByNumber(field->number());
      ASSERT_NE(field_copy, nullptr) << field->full_name();
      const bool text = field->type() == FieldDescriptor::TYPE_STRING;
      EXPECT_EQ(field_copy->type(), text ? FieldDescriptor::TYPE_BYTES : field->type())
          << field->full_name();
      EXPECT_EQ(field_copy->label(), field->label()) << field->full_name();
    }
  }
}

}  // namespace
}  // namespace verdict
