// The texts of an input: lines, JSON objects, or records of CSV.
#ifndef VERDICT_CLIENT_CLI_INPUT_TEXT_READER_H_
#define VERDICT_CLIENT_CLI_INPUT_TEXT_READER_H_

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

enum class InputFormat {
  kText,   // a text is a line
  kJsonl,  // a line is a JSON object, and a text one of its strings
  kCsv,    // a text is a field of a record; the first record names the fields
};

// Where a record has its text, and its second one if it has. Not for kText.
struct TextFields {
  std::string text = "text";
  std::optional<std::string> pair = std::nullopt;
};

// One text of an input, or why it is none.
struct TextRecord {
  uint64_t line = 0;   // of the input, where it begins, from 1
  uint64_t bytes = 0;  // of the input, its line end counted
  // INVALID_ARGUMENT: the message says what was expected and found, and what to do.
  absl::StatusOr<v1::Input> input = absl::UnknownError("not read");
};

// Reads one after another. A record that is no text is handed out as such, and reading goes on
// behind it. Lines end in LF or CR LF; a byte order mark at the start is left out.
//
// Not thread-safe.
class TextReader {
 public:
  virtual ~TextReader() = default;

  // None at the end of the input, or where it cannot be read on (`input->bad()`).
  virtual std::optional<TextRecord> Next() = 0;
};

// A reader of `*input`, which must outlive it. Reads the header of CSV.
//
// INVALID_ARGUMENT: the header has not these fields; the message is as that of a record.
absl::StatusOr<std::unique_ptr<TextReader>> OpenTextReader(InputFormat format,
                                                           const TextFields& fields,
                                                           std::istream* input);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_INPUT_TEXT_READER_H_
