#include "client/cli/output/format.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::StartsWith;

v1::Input InputOf(const std::string& text) {
  v1::Input input;
  input.set_text(text);
  return input;
}

Outcome OutcomeOf(const std::string& text,
                  const std::vector<std::pair<std::string, float>>& scores) {
  v1::ClassifyResponse response;
  for (const auto& [label, value] : scores) {
    v1::LabelScore* score = response.add_scores();
    score->set_label(label);
    score->set_score(value);
  }
  return {.number = 7, .input = InputOf(text), .result = response};
}

Outcome Failed(const std::string& text) {
  return {
      .number = 7, .input = InputOf(text), .result = absl::InvalidArgumentError("text is empty")};
}

TEST(OutcomeFormatTest, TabsAreBetweenLabelScoreAndText) {
  OutcomeFormat format({.format = OutputFormat::kTabs, .columns = 20});
  EXPECT_EQ(format.Line(OutcomeOf("a rather long text, whole", {{"GOOD", 0.75F}})),
            "GOOD\t0.750000\ta rather long text, whole");
  EXPECT_EQ(format.Line(OutcomeOf("x", {{"GOOD", 0.75F}, {"BAD", 0.25F}})),
            "GOOD\t0.750000\tBAD\t0.250000\tx");
}

TEST(OutcomeFormatTest, DashesStandForWhatFailed) {
  EXPECT_EQ(OutcomeFormat({.format = OutputFormat::kTabs}).Line(Failed("x")), "-\t-\tx");
  EXPECT_EQ(OutcomeFormat({.format = OutputFormat::kTerminal}).Line(Failed("x")), "-  -       x");
}

TEST(OutcomeFormatTest, TheTerminalHasAlignedColumnsAndACutText) {
  OutcomeFormat format({.format = OutputFormat::kTerminal, .columns = 40});
  EXPECT_EQ(format.Line(OutcomeOf("short", {{"NEGATIVE", 0.99987F}})), "NEGATIVE  0.9999  short");
  EXPECT_EQ(format.Line(OutcomeOf("short", {{"GOOD", 0.5F}})), "GOOD      0.5000  short");
  const std::string line = format.Line(OutcomeOf(std::string(50, 'x'), {{"GOOD", 0.5F}}));
  EXPECT_EQ(line, "GOOD      0.5000  " + std::string(21, 'x') + "…");
  EXPECT_EQ(Width(line), 40);
}

TEST(OutcomeFormatTest, CutsBetweenCharacters) {
  OutcomeFormat format({.format = OutputFormat::kTerminal, .columns = 0});
  std::string text;
  for (int i = 0; i < 30; ++i) text += "é";
  std::string cut;
  for (int i = 0; i < 19; ++i) cut += "é";
  EXPECT_EQ(format.Line(OutcomeOf(text, {{"A", 0.5F}})), "A  0.5000  " + cut + "…");
}

TEST(OutcomeFormatTest, ATextCanNeitherBreakALineNorCommandATerminal) {
  OutcomeFormat format({.format = OutputFormat::kTabs, .columns = 80});
  EXPECT_EQ(format.Line(OutcomeOf("a\tb\nc\rd\x1b[2J\x7f\xC2\x9B"
                                  "31m é",
                                  {{"A", 1}})),
            "A\t1.000000\ta b c d [2J  31m é");
}

TEST(OutcomeFormatTest, JsonIsTheResponseOrItsError) {
  OutcomeFormat format({.format = OutputFormat::kJson, .columns = 80});
  Outcome outcome = OutcomeOf("x", {{"GOOD", 0.75F}});
  outcome.result->mutable_tokens()->set_total(9);
  const auto json = nlohmann::json::parse(format.Line(outcome));
  EXPECT_EQ(json["scores"][0]["label"], "GOOD");
  EXPECT_EQ(json["scores"][0]["index"], 0);
  EXPECT_EQ(json["tokens"]["total"], 9);
  EXPECT_EQ(json["tokens"]["truncated"], false);
  const auto error = nlohmann::json::parse(format.Line(Failed("x")));
  EXPECT_EQ(
      error,
      (nlohmann::json{
          {"line", 7},
          {"error",
           {{"code", 3}, {"message", "text is empty"}, {"reason", "ERROR_REASON_UNSPECIFIED"}}}}));
}

TEST(OutcomeFormatTest, JsonBeginsWithTheLineOfItsText) {
  OutcomeFormat format({.format = OutputFormat::kJson});
  EXPECT_THAT(format.Line(OutcomeOf("x", {{"GOOD", 0.75F}})), StartsWith("{\"line\":7,\"label\":"));
  EXPECT_THAT(format.Line(Failed("x")), StartsWith("{\"line\":7,\"error\":"));
}

TEST(OutcomeFormatTest, AnEchoIsTheTextAndItsPair) {
  OutcomeFormat format({.format = OutputFormat::kJson, .echo = true});
  Outcome outcome = OutcomeOf("a \"b\"\n\x01 é", {{"GOOD", 0.75F}});
  nlohmann::json json = nlohmann::json::parse(format.Line(outcome));
  EXPECT_EQ(json["text"], "a \"b\"\n\x01 é");
  EXPECT_FALSE(json.contains("text_pair"));
  outcome.input->set_text_pair("second");
  EXPECT_EQ(nlohmann::json::parse(format.Line(outcome))["text_pair"], "second");
  EXPECT_EQ(nlohmann::json::parse(format.Line(Failed("x")))["text"], "x");
  EXPECT_EQ(nlohmann::json::parse(format.Line(Failed("")))["text"], "");
  // Bytes that are no text do not make the line no JSON.
  outcome.input->set_text("\xFF");
  EXPECT_EQ(nlohmann::json::parse(format.Line(outcome))["text"], "\uFFFD");
}

TEST(OutcomeFormatTest, JsonHasLogitsOnlyIfTheResponseHas) {
  OutcomeFormat format({.format = OutputFormat::kJson, .columns = 80});
  Outcome outcome = OutcomeOf("x", {{",\"logits\":[]", 0}});
  const auto without = nlohmann::json::parse(format.Line(outcome));
  EXPECT_FALSE(without.contains("logits"));
  EXPECT_EQ(without["scores"][0]["label"], ",\"logits\":[]");
  outcome.result->add_logits(0);
  EXPECT_EQ(nlohmann::json::parse(format.Line(outcome))["logits"], nlohmann::json({0.0}));
}

TEST(TableTest, AlignsAllButTheLastColumn) {
  const std::vector<std::vector<std::string>> rows = {{"é", "1", "x"}, {"long", "10", "y z"}};
  EXPECT_EQ(Table(OutputFormat::kTerminal, rows), "é     1   x\nlong  10  y z\n");
  EXPECT_EQ(Table(OutputFormat::kTabs, rows), "é\t1\tx\nlong\t10\ty z\n");
  // A model's label can neither break a line nor command a terminal.
  EXPECT_EQ(Table(OutputFormat::kTabs, {{"labels", "\x1b[31mbad\n, \xC2\x9Bgood\t"}}),
            "labels\t [31mbad ,  good \n");
}

}  // namespace
}  // namespace verdict
