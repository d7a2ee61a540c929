#include "engine/models/config_fields.h"

#include "engine/files/json_file.h"

namespace verdict {

using Json = nlohmann::json;

absl::Status FieldError(const std::string& field, const std::string& expected,
                        const std::string& found) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", field, "\": expected ", expected, ", found ", found));
}

const Json* Find(const Json& config, const std::string& field) {
  const auto found = config.find(field);
  return found == config.end() || found->is_null() ? nullptr : &*found;
}

std::string FoundText(const Json* value) { return value ? ValueText(*value) : "nothing"; }

std::string ListText(const Json& list) {
  return absl::StrCat("[",
                      absl::StrJoin(list, ", ",
                                    [](std::string* out, const Json& item) {
                                      absl::StrAppend(out, ValueText(item));
                                    }),
                      "]");
}

bool IsString(const Json* value, std::string_view expected) {
  return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == expected;
}

bool IsWholeNumber(const Json* value, uint64_t least, uint64_t most) {
  return value != nullptr && value->is_number_unsigned() && value->get<uint64_t>() >= least &&
         value->get<uint64_t>() <= most;
}

}  // namespace verdict
