// Texts of JSON objects, one a line.
#ifndef VERDICT_CLIENT_CLI_INPUT_JSON_LINES_READER_H_
#define VERDICT_CLIENT_CLI_INPUT_JSON_LINES_READER_H_

#include <istream>
#include <optional>
#include <utility>

#include "client/cli/input/line_parser.h"
#include "client/cli/input/text_reader.h"

namespace verdict {

// Each line is an object, and its texts are strings of it; its other fields may be anything.
class JsonLinesReader final : public TextReader {
 public:
  JsonLinesReader(TextFields fields, std::istream* input)
      : fields_(std::move(fields)), lines_(input) {}

  std::optional<TextRecord> Next() override;

 private:
  const TextFields fields_;
  LineParser lines_;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_INPUT_JSON_LINES_READER_H_
