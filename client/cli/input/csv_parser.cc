#include "client/cli/input/csv_parser.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";
constexpr int kEnd = std::istream::traits_type::eof();

absl::Status Malformed(const std::string& message) { return absl::InvalidArgumentError(message); }

}  // namespace

std::optional<CsvRecord> CsvParser::Next() {
  if (bytes_ == 0) SkipByteOrderMark();
  if (Peek() == kEnd) return std::nullopt;
  CsvRecord record = {.line = line_};
  record_begin_ = bytes_;
  record.fields = ReadFields();
  if (!record.fields.ok()) SkipLine();
  record.bytes = bytes_ - record_begin_;
  return record;
}

absl::StatusOr<std::vector<std::string>> CsvParser::ReadFields() {
  std::vector<std::string> fields;
  for (;;) {
    Field field = ReadField();
    if (!field.ok()) return field.status();
    fields.push_back(*std::move(field));
    if (Peek() != ',') break;
    Take();
  }
  SkipLine();  // nothing but its end is left
  return fields;
}

CsvParser::Field CsvParser::ReadField() { return Peek() == '"' ? ReadQuoted() : ReadPlain(); }

CsvParser::Field CsvParser::ReadPlain() {
  std::string field;
  while (Peek() != ',' && !AtLineEnd()) {
    const int byte = Take();
    if (byte == '"') {
      return Malformed(
          "expected no quote in a field that does not begin with one, found one; put the whole "
          "field in quotes, and double those within");
    }
    if (byte == '\r') {
      return Malformed(
          "expected a line feed after a carriage return, found none; put a field that has one in "
          "quotes");
    }
    if (bytes_ - record_begin_ > kMostRecordBytes) {
      return Malformed(absl::StrCat("expected a record of at most ", kMostRecordBytes,
                                    " bytes, found more; is it a file of comma-separated values?"));
    }
    field.push_back(static_cast<char>(byte));
  }
  return field;
}

CsvParser::Field CsvParser::ReadQuoted() {
  const uint64_t opened = line_;
  Take();
  std::string field;
  for (;;) {
    const int byte = Take();
    if (byte == kEnd || bytes_ - record_begin_ > kMostRecordBytes) {
      return Malformed(
          absl::StrCat("expected the quote of line ", opened, " to be closed, found ",
                       byte == kEnd ? "the end of the input"
                                    : absl::StrCat("none in ", kMostRecordBytes, " bytes"),
                       "; all up to line ", line_, " is lost in it: close it, or double it"));
    }
    if (byte == '"') {
      if (Peek() != '"') break;
      Take();
    }
    field.push_back(static_cast<char>(byte));
  }
  if (Peek() == ',' || AtLineEnd()) return field;
  return Malformed(
      "expected a comma or the line's end after a closing quote, found other text; double the "
      "quotes within a quoted field");
}

int CsvParser::Peek() {
  return ahead_.empty() ? input_->peek() : static_cast<unsigned char>(ahead_.back());
}

int CsvParser::Take() {
  const int byte = Peek();
  if (byte == kEnd) return kEnd;
  if (ahead_.empty()) {
    input_->get();
  } else {
    ahead_.pop_back();
  }
  ++bytes_;
  if (byte == '\n') ++line_;
  return byte;
}

bool CsvParser::AtLineEnd() {
  const int byte = Peek();
  if (byte != '\r') return byte == '\n' || byte == kEnd;
  if (ahead_.empty()) ahead_.push_back(static_cast<char>(input_->get()));
  return input_->peek() == '\n';  // ahead_ holds the carriage return alone
}

void CsvParser::SkipLine() {
  for (int byte = Take(); byte != '\n' && byte != kEnd; byte = Take()) {
  }
}

void CsvParser::SkipByteOrderMark() {
  std::string begin;
  while (begin.size() < 3 &&
         input_->peek() == static_cast<unsigned char>(kByteOrderMark[begin.size()])) {
    begin.push_back(static_cast<char>(input_->get()));
  }
  if (begin != kByteOrderMark) ahead_.assign(begin.rbegin(), begin.rend());
}

}  // namespace verdict
