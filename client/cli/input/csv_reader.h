// Texts of comma-separated values.
#ifndef VERDICT_CLIENT_CLI_INPUT_CSV_READER_H_
#define VERDICT_CLIENT_CLI_INPUT_CSV_READER_H_

#include <istream>
#include <memory>

#include "absl/status/statusor.h"
#include "client/cli/input/text_reader.h"

namespace verdict {

// The first record names the fields; every other one must have as many.
//
// INVALID_ARGUMENT: there is no first record, it is malformed, or does not have each of `fields`
// exactly once.
absl::StatusOr<std::unique_ptr<TextReader>> OpenCsvReader(const TextFields& fields,
                                                          std::istream* input);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_INPUT_CSV_READER_H_
