// The lines of an input.
#ifndef VERDICT_CLIENT_CLI_INPUT_LINE_PARSER_H_
#define VERDICT_CLIENT_CLI_INPUT_LINE_PARSER_H_

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

namespace verdict {

struct InputLine {
  uint64_t number = 0;  // from 1
  uint64_t bytes = 0;   // its end counted
  std::string text;     // without its end, LF or CR LF
};

// Reads one after another; a byte order mark at the start is left out.
//
// Not thread-safe. The input must outlive it.
class LineParser {
 public:
  explicit LineParser(std::istream* input) : input_(input) {}

  // None at the end of the input, or where it cannot be read on (`input->bad()`).
  std::optional<InputLine> Next();

 private:
  std::istream* const input_;
  uint64_t lines_ = 0;
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_INPUT_LINE_PARSER_H_
