// What `verdict classify` reads, and what it writes of it.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/cli/cli_test.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

class ClassifyCommandTest : public CliTest {
 protected:
  static std::vector<Json> Objects(const std::string& lines) {
    std::vector<Json> objects;
    for (const auto line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
      objects.push_back(Json::parse(line));
    }
    return objects;
  }
};

TEST_F(ClassifyCommandTest, AJsonLineSaysWhichLineItIsAbout) {
  for (const char* command : {"classify --json", "classify --json fine '' bad"}) {
    const Finished run = Verdict(command, "fine\n\nbad\n");
    EXPECT_EQ(run.exit_status, 1);
    const std::vector<Json> lines = Objects(run.out);
    ASSERT_THAT(lines, SizeIs(3));
    for (size_t i = 0; i < lines.size(); ++i) {
      EXPECT_EQ(lines[i]["line"], i + 1);
      EXPECT_FALSE(lines[i].contains("text"));
    }
    EXPECT_EQ(lines[1]["error"]["message"], "text is empty");
    EXPECT_EQ(lines[2]["label"], "NEGATIVE");
  }
}

TEST_F(ClassifyCommandTest, AnEchoCanBeReadAgain) {
  const Finished first =
      Verdict("classify --json --echo --pair 'second \"one\"'", "a \"fine\" film\n\nbad\n");
  const std::vector<Json> lines = Objects(first.out);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0]["text"], "a \"fine\" film");
  EXPECT_EQ(lines[0]["text_pair"], "second \"one\"");
  EXPECT_EQ(lines[1]["text"], "");
  const Finished again =
      Verdict("classify --input-format jsonl --pair-field text_pair --json --echo", first.out);
  EXPECT_EQ(again.out, first.out);
}

TEST_F(ClassifyCommandTest, ReadsTheFieldsOfJsonAndCsv) {
  Write("in.jsonl", "{\"id\":1,\"review\":\"a fine film\"}\n{\"id\":2,\"review\":\"a bad one\"}\n");
  Write("in.csv", "id,review\r\n1,a fine film\r\n2,\"a bad\r\none\"\r\n3,fine");
  EXPECT_EQ(Verdict("classify --input-format jsonl --text-field review --file in.jsonl").out,
            "POSITIVE\t0.750000\ta fine film\nNEGATIVE\t0.750000\ta bad one\n");
  const Finished csv =
      Verdict("classify --input-format CSV --text-field review --json --echo <in.csv");
  EXPECT_EQ(csv.exit_status, 0) << csv.err;
  const std::vector<Json> lines = Objects(csv.out);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[1]["line"], 3);
  EXPECT_EQ(lines[1]["text"], "a bad\r\none");
  EXPECT_EQ(lines[2]["line"], 5);
}

TEST_F(ClassifyCommandTest, ABadRecordKeepsItsPlaceAndIsNamed) {
  Write("in.jsonl", "{\"text\":\"fine\"}\n{\"txt\":\"lost\"}\n{\"text\":\"bad\"}\n");
  const Finished run = Verdict("classify --input-format jsonl --file in.jsonl");
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.out, "POSITIVE\t0.750000\tfine\n-\t-\t\nNEGATIVE\t0.750000\tbad\n");
  EXPECT_EQ(run.err,
            "verdict: in.jsonl, line 2: expected the field \"text\", found \"txt\"; name the right "
            "one with --text-field\n");
  const std::vector<Json> lines =
      Objects(Verdict("classify --input-format jsonl --json --echo --file in.jsonl").out);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[1]["line"], 2);
  EXPECT_EQ(lines[1]["error"]["code"], 3);
  EXPECT_FALSE(lines[1].contains("text"));
}

TEST_F(ClassifyCommandTest, AHeaderWithoutTheFieldIsWrongUsage) {
  Write("in.csv", "review,stars\nfine,5\n");
  const Finished run = Verdict("classify --input-format csv --file in.csv");
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            "verdict: in.csv, line 1: expected the field \"text\", found \"review\", \"stars\"; "
            "name the right one with --text-field\n");
  EXPECT_THAT(service_.batches(), SizeIs(0));
}

TEST_F(ClassifyCommandTest, OptionsThatDoNotFitTogetherAreRefused) {
  for (const char* command :
       {"classify --echo x", "classify --input-format xml", "classify --input-format csv x",
        "classify --text-field a", "classify --input-format text --pair-field a",
        "classify --input-format csv --pair x --pair-field b"}) {
    const Finished run = Verdict(command, "text\nfine\n");
    EXPECT_EQ(run.exit_status, 2) << command;
    EXPECT_NE(run.err, "") << command;
    EXPECT_EQ(run.out, "") << command;
  }
  EXPECT_THAT(Verdict("classify --text-field a").err,
              HasSubstr("expected --input-format jsonl or csv, found text"));
}

TEST_F(ClassifyCommandTest, EveryRecordIsAnsweredBeforeTheNextIsWritten) {
  const Finished run =
      ClassifyLineByLine("--input-format csv", R"(printf 'text\n"fi\nne"\n')", "echo bad");
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_EQ(run.err, "POSITIVE\t0.750000\tfi ne\nNEGATIVE\t0.750000\tbad\n");
}

// As some supervisors start their children.
TEST_F(ClassifyCommandTest, EndsQuietlyWhenItsReaderDoesEvenWhereSigpipeIsIgnored) {
  std::string input;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&input, "a fine film\n");
  Write("many", input);
  const Finished run =
      Verdict("--version >/dev/null; trap '' PIPE; verdict classify --file many | head -n 1");
  EXPECT_EQ(run.out, "POSITIVE\t0.750000\ta fine film\n");
  EXPECT_EQ(run.err, "");
  EXPECT_LT(service_.batches().size(), 20'000 / 32);
}

TEST_F(ClassifyCommandTest, AFailedWriteEndsTheRun) {
  std::string input;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&input, "a fine film\n");
  Write("many", input);
  const Finished run = Verdict("classify --file many >/dev/full");
  EXPECT_EQ(run.exit_status, 1);
  EXPECT_EQ(run.err, "verdict: cannot write to standard output: No space left on device\n");
  EXPECT_LT(service_.batches().size(), 20'000 / 32);
}

}  // namespace
}  // namespace verdict
