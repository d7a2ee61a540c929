// Records of comma-separated values.
#ifndef VERDICT_CLIENT_CLI_INPUT_CSV_PARSER_H_
#define VERDICT_CLIENT_CLI_INPUT_CSV_PARSER_H_

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict {

// One record; its fields, or what is wrong with it: expected, found, next step.
struct CsvRecord {
  uint64_t line = 0;   // of the input, where it begins, from 1
  uint64_t bytes = 0;  // of the input, its line end counted
  absl::StatusOr<std::vector<std::string>> fields = absl::UnknownError("not read");
};

// Reads CSV as RFC 4180 has it: quoted fields with commas, line ends and doubled quotes in them;
// lines that end in LF or CR LF, the last one perhaps in neither. A byte order mark at the start is
// left out. A malformed record ends at the next line end, so that one does not spoil the next.
//
// Of Debian 12's and 13's libraries, libcsv does not say on which line a record begins, and fccp
// knows no line ends within quotes.
//
// Not thread-safe. The input must outlive it.
class CsvParser {
 public:
  // A quote that is never closed does not fill the memory with the rest of the input.
  static constexpr uint64_t kMostRecordBytes = uint64_t{64} << 20;

  explicit CsvParser(std::istream* input) : input_(input) {}

  // The next record; none at the end of the input, or where it cannot be read on (`input->bad()`).
  std::optional<CsvRecord> Next();

 private:
  using Field = absl::StatusOr<std::string>;

  absl::StatusOr<std::vector<std::string>> ReadFields();
  Field ReadField();
  // They stop before the comma or the line end behind the field.
  Field ReadPlain();
  Field ReadQuoted();

  // The next byte, or -1 at the end. Take also goes on to the one behind.
  int Peek();
  int Take();
  bool AtLineEnd();
  void SkipLine();
  void SkipByteOrderMark();

  std::istream* const input_;
  std::string ahead_;  // bytes that were read already, the next one last
  uint64_t line_ = 1;
  uint64_t bytes_ = 0;         // taken so far
  uint64_t record_begin_ = 0;  // in bytes_
};

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_INPUT_CSV_PARSER_H_
