#include "client/cli/input/csv_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/cli/input/csv_parser.h"
#include "client/cli/input/field_names.h"

namespace verdict {
namespace {

struct Columns {
  size_t count = 0;
  size_t text = 0;
  std::optional<size_t> pair = std::nullopt;
};

class CsvReader final : public TextReader {
 public:
  CsvReader(CsvParser parser, Columns columns) : parser_(std::move(parser)), columns_(columns) {}

  std::optional<TextRecord> Next() override {
    std::optional<CsvRecord> record = parser_.Next();
    if (!record.has_value()) return std::nullopt;
    return TextRecord{
        .line = record->line, .bytes = record->bytes, .input = ToInput(std::move(record->fields))};
  }

 private:
  absl::StatusOr<v1::Input> ToInput(absl::StatusOr<std::vector<std::string>> fields) const {
    if (!fields.ok()) return fields.status();
    if (fields->size() != columns_.count) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected ", columns_.count, " fields, as many as in the header, found ",
                       fields->size(), "; put a field that has commas in quotes"));
    }
    v1::Input input;
    // A copy for the pair: both may be one field.
    if (columns_.pair.has_value()) input.set_text_pair((*fields)[*columns_.pair]);
    input.set_text(std::move((*fields)[columns_.text]));
    return input;
  }

  CsvParser parser_;
  const Columns columns_;
};

absl::StatusOr<size_t> IndexOf(const FieldOption& field, const std::vector<std::string>& header) {
  const auto found = std::find(header.begin(), header.end(), field.name);
  if (found == header.end()) return absl::InvalidArgumentError(MissingField(field, header));
  if (std::count(found, header.end(), field.name) > 1) {
    return absl::InvalidArgumentError(absl::StrCat("expected the field ", Quoted(field.name),
                                                   " once, found it several times; rename all "
                                                   "but one, or name another one with ",
                                                   field.option));
  }
  return static_cast<size_t>(found - header.begin());
}

}  // namespace

absl::StatusOr<std::unique_ptr<TextReader>> OpenCsvReader(const TextFields& fields,
                                                          std::istream* input) {
  CsvParser parser(input);
  std::optional<CsvRecord> header = parser.Next();
  if (!header.has_value()) {
    return absl::InvalidArgumentError(
        "expected a first record with the names of the fields, found nothing; begin with it");
  }
  if (!header->fields.ok()) return header->fields.status();
  const absl::StatusOr<size_t> text = IndexOf({kTextFieldOption, fields.text}, *header->fields);
  if (!text.ok()) return text.status();
  Columns columns = {.count = header->fields->size(), .text = *text};
  if (fields.pair.has_value()) {
    const absl::StatusOr<size_t> pair = IndexOf({kPairFieldOption, *fields.pair}, *header->fields);
    if (!pair.ok()) return pair.status();
    columns.pair = *pair;
  }
  return std::make_unique<CsvReader>(std::move(parser), columns);
}

}  // namespace verdict
