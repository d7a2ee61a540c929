// How messages speak of the fields of a record.
#ifndef VERDICT_CLIENT_CLI_INPUT_FIELD_NAMES_H_
#define VERDICT_CLIENT_CLI_INPUT_FIELD_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace verdict {

inline constexpr char kTextFieldOption[] = "--text-field";
inline constexpr char kPairFieldOption[] = "--pair-field";

// A field that is looked for, and the option that names it.
struct FieldOption {
  const char* option;
  std::string name;
};

// In quotes, in one line, and not without end: files hold anything.
std::string Quoted(absl::string_view name);

// Says that a record with the fields `found` has not `field`, and which option to give.
std::string MissingField(const FieldOption& field, const std::vector<std::string>& found);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_INPUT_FIELD_NAMES_H_
