#include "client/cli/input/text_reader.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<TextRecord> Read(InputFormat format, const std::string& text,
                             const TextFields& fields = {}) {
  std::istringstream input(text);
  const auto reader = OpenTextReader(format, fields, &input);
  EXPECT_TRUE(reader.ok()) << reader.status();
  std::vector<TextRecord> records;
  if (!reader.ok()) return records;
  uint64_t bytes = 0;
  for (auto record = (*reader)->Next(); record.has_value(); record = (*reader)->Next()) {
    bytes += record->bytes;
    records.push_back(*std::move(record));
  }
  // Of CSV, the header is no record.
  if (format != InputFormat::kCsv) {
    EXPECT_EQ(bytes, text.size());
  }
  return records;
}

std::string TextOf(const TextRecord& record) {
  return record.input.ok() ? record.input->text() : record.input.status().ToString();
}

std::string HeaderRefusal(const std::string& text, const TextFields& fields = {}) {
  std::istringstream input(text);
  const absl::Status status = OpenTextReader(InputFormat::kCsv, fields, &input).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(TextReaderTest, ALineIsAText) {
  const auto records = Read(InputFormat::kText, "\xEF\xBB\xBFone\r\n\ntwo\nend");
  ASSERT_THAT(records, SizeIs(4));
  const std::vector<std::string> texts = {"one", "", "two", "end"};
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(records[i].line, i + 1);
    EXPECT_EQ(TextOf(records[i]), texts[i]);
    EXPECT_FALSE(records[i].input->has_text_pair());
  }
}

TEST(TextReaderTest, ATextIsAFieldOfAJsonObject) {
  const auto records =
      Read(InputFormat::kJsonl,
           "{\"id\": 7, \"text\": \"two\\nlines \\u00e9\"}\r\n{\"text\": \"\", \"text\": \"b\"}",
           {.text = "text"});
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(TextOf(records[0]), "two\nlines é");
  EXPECT_EQ(records[1].line, 2);
}

TEST(TextReaderTest, FieldsAndPairsAreNamed) {
  const TextFields fields = {.text = "question", .pair = "answer"};
  const auto json = Read(InputFormat::kJsonl, "{\"question\": \"a\", \"answer\": \"b\"}\n", fields);
  const auto csv = Read(InputFormat::kCsv, "id,answer,question\n1,b,a\n", fields);
  for (const auto& records : {json, csv}) {
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(TextOf(records[0]), "a");
    EXPECT_EQ(records[0].input->text_pair(), "b");
  }
}

TEST(TextReaderTest, ARecordThatIsNoTextSaysWhatWasExpectedAndFoundAndWhatToDo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "expected a JSON object in one line, found an empty line; leave it out"},
      {"{\"text\":",
       "expected a JSON object in one line, found text that is no JSON from byte 9 on"},
      {"{\"text\":\"\\ud800\"}", "text that is no JSON from byte"},
      {"[1]", "expected a JSON object in one line, found JSON of the type array"},
      {"{}",
       "expected the field \"text\", found no field at all; name the right one with "
       "--text-field"},
      {"{\"b\":1,\"a\\n\":1}", "expected the field \"text\", found \"a\\n\", \"b\"; name"},
      {"{\"text\":5}", "expected a string in the field \"text\", found the type number"},
      {"{\"text\":null}", "found the type null; correct the line, or name another field"},
  };
  for (const auto& [line, message] : cases) {
    const auto records =
        Read(InputFormat::kJsonl, "{\"text\":\"a\"}\n" + line + "\n{\"text\":\"c\"}\n");
    ASSERT_THAT(records, SizeIs(3)) << line;
    EXPECT_EQ(records[1].line, 2);
    EXPECT_THAT(TextOf(records[1]), HasSubstr(message)) << line;
    EXPECT_EQ(TextOf(records[2]), "c") << line;
  }
}

TEST(TextReaderTest, AMissingPairIsNoTextWithoutOne) {
  const auto records = Read(InputFormat::kJsonl, "{\"text\":\"a\"}\n", {.pair = "b"});
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_THAT(TextOf(records[0]), HasSubstr("name the right one with --pair-field"));
}

TEST(TextReaderTest, ARecordOfCsvHasAsManyFieldsAsTheHeader) {
  const auto records =
      Read(InputFormat::kCsv, "text,stars\r\na,5\r\nb, c,4\r\n\r\n\"d\r\ne\",3\r\nf,1");
  ASSERT_THAT(records, SizeIs(5));
  EXPECT_EQ(TextOf(records[0]), "a");
  EXPECT_THAT(TextOf(records[1]), HasSubstr("expected 2 fields, as many as in the header, found 3; "
                                            "put a field that has commas in quotes"));
  EXPECT_THAT(TextOf(records[2]), HasSubstr("found 1"));
  EXPECT_EQ(TextOf(records[3]), "d\r\ne");
  EXPECT_EQ(TextOf(records[4]), "f");
  EXPECT_EQ(records[0].line, 2);
  EXPECT_EQ(records[3].line, 5);
  EXPECT_EQ(records[4].line, 7);
}

TEST(TextReaderTest, AHeaderWithoutTheFieldsIsRefused) {
  EXPECT_THAT(HeaderRefusal(""), HasSubstr("found nothing"));
  EXPECT_EQ(HeaderRefusal("review,stars\na,5\n"),
            "expected the field \"text\", found \"review\", \"stars\"; name the right one with "
            "--text-field");
  EXPECT_THAT(HeaderRefusal("text,stars\n", {.pair = "other"}), HasSubstr("--pair-field"));
  EXPECT_THAT(HeaderRefusal("text,text\n"), HasSubstr("found it several times"));
  EXPECT_THAT(HeaderRefusal("text,\"b\n"), HasSubstr("to be closed"));
}

}  // namespace
}  // namespace verdict
