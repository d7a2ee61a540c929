#include "client/cli/input/text_reader.h"

#include <utility>

#include "client/cli/input/csv_reader.h"
#include "client/cli/input/json_lines_reader.h"
#include "client/cli/input/line_parser.h"

namespace verdict {
namespace {

class LineTextReader final : public TextReader {
 public:
  explicit LineTextReader(std::istream* input) : lines_(input) {}

  std::optional<TextRecord> Next() override {
    std::optional<InputLine> line = lines_.Next();
    if (!line.has_value()) return std::nullopt;
    v1::Input input;
    input.set_text(std::move(line->text));
    return TextRecord{.line = line->number, .bytes = line->bytes, .input = std::move(input)};
  }

 private:
  LineParser lines_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TextReader>> OpenTextReader(InputFormat format,
                                                           const TextFields& fields,
                                                           std::istream* input) {
  switch (format) {
    case InputFormat::kText:
      break;
    case InputFormat::kJsonl:
      return std::make_unique<JsonLinesReader>(fields, input);
    case InputFormat::kCsv:
      return OpenCsvReader(fields, input);
  }
  return std::make_unique<LineTextReader>(input);
}

}  // namespace verdict
