#include "client/cli/input/field_names.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

constexpr size_t kMostNames = 8;
constexpr size_t kMostBytes = 60;  // of a name

}  // namespace

std::string Quoted(absl::string_view name) {
  size_t size = std::min(name.size(), kMostBytes);
  while (size < name.size() && size > 0 && (name[size] & 0xC0) == 0x80)
    --size;  // a whole character
  const absl::string_view shown = name.substr(0, size);
  return absl::StrCat("\"", absl::Utf8SafeCEscape(shown), shown.size() < name.size() ? "…" : "",
                      "\"");
}

std::string MissingField(const FieldOption& field, const std::vector<std::string>& found) {
  std::string names;
  for (size_t i = 0; i < std::min(found.size(), kMostNames); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", Quoted(found[i]));
  }
  if (found.size() > kMostNames)
    absl::StrAppend(&names, " and ", found.size() - kMostNames, " more");
  return absl::StrCat("expected the field ", Quoted(field.name), ", found ",
                      names.empty() ? "no field at all" : names, "; name the right one with ",
                      field.option);
}

}  // namespace verdict
