#include "client/cli/input/csv_parser.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Fields = std::vector<std::string>;

std::vector<CsvRecord> Parse(const std::string& text) {
  std::istringstream input(text);
  CsvParser parser(&input);
  std::vector<CsvRecord> records;
  for (auto record = parser.Next(); record.has_value(); record = parser.Next()) {
    records.push_back(*std::move(record));
  }
  return records;
}

// The fields of records that are all well-formed.
std::vector<Fields> FieldsOf(const std::string& text) {
  std::vector<Fields> fields;
  for (const CsvRecord& record : Parse(text)) {
    EXPECT_TRUE(record.fields.ok()) << record.fields.status();
    if (record.fields.ok()) fields.push_back(*record.fields);
  }
  return fields;
}

TEST(CsvParserTest, RecordsEndInLineFeedsWithOrWithoutCarriageReturns) {
  const std::vector<Fields> expected = {{"a", "b"}, {"1", "2"}};
  for (const char* text : {"a,b\n1,2\n", "a,b\n1,2", "a,b\r\n1,2\r\n", "a,b\r\n1,2",
                           "\xEF\xBB\xBF"
                           "a,b\n1,2\n",
                           "\"a\",\"b\"\r\n\"1\",\"2\"", "\xEF\xBB\xBF\"a\",b\n1,2"}) {
    EXPECT_EQ(FieldsOf(text), expected) << text;
  }
}

TEST(CsvParserTest, QuotesKeepCommasLineEndsAndQuotes) {
  EXPECT_THAT(FieldsOf("\"a,b\",\"c\r\nd\n\",\"e \"\"f\"\"\",\"\"\ng,,,\n"),
              ElementsAre(Fields{"a,b", "c\r\nd\n", "e \"f\"", ""}, Fields{"g", "", "", ""}));
}

TEST(CsvParserTest, BlanksBelongToTheField) {
  EXPECT_THAT(FieldsOf(" a , b \n"), ElementsAre(Fields{" a ", " b "}));
}

TEST(CsvParserTest, AnEmptyLineIsARecordOfOneEmptyField) {
  EXPECT_THAT(FieldsOf("a\n\nb\n"), ElementsAre(Fields{"a"}, Fields{""}, Fields{"b"}));
  EXPECT_THAT(FieldsOf(""), ElementsAre());
}

TEST(CsvParserTest, ARecordKnowsItsLineAndItsBytes) {
  const std::string text = "a,b\r\n\"1\n\n\",2\n3,4";
  const std::vector<CsvRecord> records = Parse(text);
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0].line, 1);
  EXPECT_EQ(records[1].line, 2);
  EXPECT_EQ(records[2].line, 5);
  EXPECT_EQ(records[0].bytes, 5);
  EXPECT_EQ(records[0].bytes + records[1].bytes + records[2].bytes, text.size());
}

TEST(CsvParserTest, AMalformedRecordSpoilsNoOther) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"5\" disk,x", "expected no quote in a field that does not begin with one"},
      {"\"a\"b,x", "after a closing quote"},
      {"\"a\"\rb,x", "after a closing quote"},
      {"a\rb,x", "expected a line feed after a carriage return"},
  };
  for (const auto& [malformed, message] : cases) {
    const std::vector<CsvRecord> records = Parse("a,b\n" + malformed + "\nc,d\n");
    ASSERT_THAT(records, SizeIs(3)) << malformed;
    EXPECT_TRUE(absl::IsInvalidArgument(records[1].fields.status()));
    EXPECT_THAT(records[1].fields.status().message(), HasSubstr(message));
    EXPECT_EQ(records[1].line, 2);
    ASSERT_TRUE(records[2].fields.ok());
    EXPECT_THAT(*records[2].fields, ElementsAre("c", "d"));
    EXPECT_EQ(records[2].line, 3);
  }
}

TEST(CsvParserTest, AQuoteThatIsNeverClosedIsNamedWithWhatItSwallows) {
  const std::vector<CsvRecord> records = Parse("a\n\"b\nc\nd\n");
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[1].line, 2);
  EXPECT_THAT(records[1].fields.status().message(),
              HasSubstr("expected the quote of line 2 to be closed, found the end of the input; "
                        "all up to line 5 is lost in it"));
}

// U+FEF0 begins as a byte order mark does.
TEST(CsvParserTest, ATextThatBeginsAlmostLikeAByteOrderMarkIsKept) {
  EXPECT_THAT(FieldsOf("\xEF\xBB\xB0,b\n"), ElementsAre(Fields{"\xEF\xBB\xB0", "b"}));
  EXPECT_THAT(FieldsOf("\xEF\xBB"), ElementsAre(Fields{"\xEF\xBB"}));
}

}  // namespace
}  // namespace verdict
