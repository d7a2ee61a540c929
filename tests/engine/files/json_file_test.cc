#include "engine/files/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace verdict {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const auto document = ParseJson(text, "x.json");
  EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(document.status().message());
}

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ParseJson, BuildsWhatThePlainParserBuilds) {
  const std::string text =
      R"( {"a": [1, -2, 3.5, true, null, {"b": []}, "ü\u00fc"], "c": {"a": 1}, "d": 1e3} )";
  const auto document = ParseJson(text, "x.json");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(*document, nlohmann::json::parse(text));
}

TEST(ParseJson, KeepsWholeNumbersApartFromFractions) {
  const auto document = ParseJson("[12, -12, 12.0, 18446744073709551616]", "x.json");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_TRUE((*document)[0].is_number_unsigned());
  EXPECT_TRUE((*document)[1].is_number_integer());
  EXPECT_FALSE((*document)[2].is_number_integer());
  EXPECT_FALSE((*document)[3].is_number_integer()) << "2^64 must not wrap to 0";
}

TEST(ParseJson, RefusesANameThatIsTwiceInItsObject) {
  EXPECT_EQ(ErrorOf(R"({"a": {"b": 1, "c": 2, "b": 3}})"),
            "x.json: the name \"b\" is twice in one object");
  EXPECT_TRUE(ParseJson(R"([{"b": 1}, {"b": {"b": 1}}])", "x.json").ok());
}

TEST(ParseJson, RefusesTheSameNameSpeltWithAnEscape) {
  EXPECT_THAT(ErrorOf(R"({"a": 1, "\u0061": 2})"), HasSubstr("the name \"a\" is twice"));
}

TEST(ParseJson, BoundsNesting) {
  EXPECT_TRUE(ParseJson(Nested(kMaxJsonDepth), "x.json").ok());
  EXPECT_EQ(ErrorOf(Nested(kMaxJsonDepth + 1)), "x.json: nested deeper than 64 levels");
  // As deep as a stack is long; unterminated, so that only an early stop gives this message.
  EXPECT_EQ(ErrorOf(std::string(5'000'000, '[')), "x.json: nested deeper than 64 levels");
}

TEST(ParseJson, BoundsTheNumberOfValues) {
  EXPECT_TRUE(ParseJson("[1, {\"a\": 2}, []]", "x.json", 5).ok());
  for (const char* text : {"[1, {\"a\": 2}, []]", "[1, 2, 3, 4]"}) {
    EXPECT_EQ(ParseJson(text, "x.json", 4).status(),
              absl::InvalidArgumentError("x.json: holds more than 4 values"));
  }
}

TEST(ParseJson, RefusesWhatIsNotJsonAndSaysWhere) {
  EXPECT_EQ(ErrorOf(R"({"a": 1,})"), "x.json: not JSON at byte 9, near \"1,}\"");
  EXPECT_THAT(ErrorOf(""), HasSubstr("not JSON at byte 1"));
  EXPECT_THAT(ErrorOf("{} {}"), HasSubstr("not JSON at byte 4"));
  EXPECT_THAT(ErrorOf("[1e999]"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf("[NaN]"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf("[\"\xff\"]"), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf(R"(["\ud800"])"), HasSubstr("not JSON")) << "half a surrogate pair";
  EXPECT_THAT(ErrorOf("// comment\n{}"), HasSubstr("not JSON"));
}

TEST(ParseJson, RefusesNulInsteadOfEndingThere) {
  EXPECT_EQ(ErrorOf(std::string_view("{}\0\0", 4)), "x.json: not JSON: NUL at byte 2");
}

TEST(ParseJson, KeepsMessagesShort) {
  EXPECT_LT(ErrorOf("{\"" + std::string(100'000, 'n') + "\" 1}").size(), 300u);
}

class ReadJsonFileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string path = ::testing::TempDir() + "verdict_" + info->name() + ".json";
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(ReadJsonFileTest, ReadsAnObject) {
  const auto document = ReadJsonFile(Write(R"({"dim": 8})"), 100);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ((*document)["dim"], 8);
}

TEST_F(ReadJsonFileTest, RefusesAnythingButAnObject) {
  const std::string path = Write("[1]");
  EXPECT_EQ(ReadJsonFile(path, 100).status(),
            absl::InvalidArgumentError(path + ": expected a JSON object, found an array"));
}

TEST_F(ReadJsonFileTest, RefusesAFileOverTheLimitWithoutReadingIt) {
  const std::string path = Write("{}");
  std::filesystem::resize_file(path, uint64_t{1} << 40);  // sparse
  EXPECT_EQ(ReadJsonFile(path, 100).status(),
            absl::InvalidArgumentError(path + ": has 1099511627776 bytes, expected at most 100"));
  std::filesystem::remove(path);
}

TEST_F(ReadJsonFileTest, TellsAMissingFileFromADirectory) {
  const std::string missing = ::testing::TempDir() + "verdict_no_such.json";
  EXPECT_EQ(ReadJsonFile(missing, 100).status(),
            absl::NotFoundError(missing + ": cannot be opened: No such file or directory"));
  EXPECT_EQ(ReadJsonFile(::testing::TempDir(), 100).status(),
            absl::FailedPreconditionError(::testing::TempDir() +
                                          ": expected a regular file, found a directory"));
}

}  // namespace
}  // namespace verdict
