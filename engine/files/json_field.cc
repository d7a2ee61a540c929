#include "engine/files/json_field.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"

namespace verdict {

using Json = nlohmann::json;

JsonField::JsonField(const Json& document, std::string source)
    : JsonField(&document, std::move(source), "") {}

JsonField::JsonField(const Json* value, std::string source, std::string path)
    : value_(value != nullptr && value->is_null() ? nullptr : value),
      source_(std::move(source)),
      path_(std::move(path)) {}

JsonField JsonField::Member(const std::string& name) const {
  const Json* member = nullptr;
  if (exists() && value_->is_object()) {
    const auto& members = value_->get_ref<const Json::object_t&>();
    if (const auto found = members.find(name); found != members.end()) {
      member = &found->second;
    }
  }
  return {member, source_, absl::StrCat(path_, path_.empty() ? "" : ".", name)};
}

JsonField JsonField::Element(size_t index) const {
  const bool is_there = exists() && value_->is_array() && index < value_->size();
  return {is_there ? &(*value_)[index] : nullptr, source_, absl::StrCat(path_, "[", index, "]")};
}

bool JsonField::IsString(std::string_view text) const {
  return exists() && value_->is_string() && value_->get_ref<const std::string&>() == text;
}

absl::StatusOr<bool> JsonField::Bool() const {
  if (!exists() || !value_->is_boolean()) return Error("true or false");
  return value_->get<bool>();
}

absl::StatusOr<std::string> JsonField::String() const {
  if (!exists() || !value_->is_string()) return Error("a string");
  return value_->get_ref<const std::string&>();
}

absl::StatusOr<int32_t> JsonField::WholeNumber(int32_t most) const {
  const bool fits = exists() && value_->is_number_unsigned() &&
                    value_->get<uint64_t>() <= static_cast<uint64_t>(most);
  if (!fits) return Error(absl::StrCat("a whole number from 0 to ", most));
  return value_->get<int32_t>();
}

absl::Status JsonField::CheckIsObject() const {
  if (!exists() || !value_->is_object()) return Error("an object");
  return absl::OkStatus();
}

absl::Status JsonField::CheckIsArray() const {
  if (!exists() || !value_->is_array()) return Error("an array");
  return absl::OkStatus();
}

absl::Status JsonField::Error(const std::string& expected) const {
  return absl::InvalidArgumentError(
      absl::StrCat(source_, ": ", path_.empty() ? "" : absl::StrCat(Quoted(path_), ": "),
                   "expected ", expected, ", found ", exists() ? ValueText(*value_) : "nothing"));
}

}  // namespace verdict
