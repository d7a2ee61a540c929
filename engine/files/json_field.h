// A value within a JSON document that knows its own path, so that every complaint can name it.
#ifndef VERDICT_ENGINE_FILES_JSON_FIELD_H_
#define VERDICT_ENGINE_FILES_JSON_FIELD_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace verdict {

// A value, or the absence of one: null counts as absent. Borrows the document.
class JsonField {
 public:
  // The whole of `document`; messages start with `source`.
  JsonField(const nlohmann::json& document, std::string source);

  bool exists() const { return value_ != nullptr; }

  // For loops over elements or members. REQUIRES: exists().
  const nlohmann::json& value() const { return *value_; }

  // The member `name`, absent if this is no object; the element `index`, if this is no array or a
  // shorter one.
  JsonField Member(const std::string& name) const;
  JsonField Element(size_t index) const;

  bool IsString(std::string_view text) const;

  // INVALID_ARGUMENT, as Error says: it is absent or of another type or out of bounds.
  absl::StatusOr<bool> Bool() const;
  absl::StatusOr<std::string> String() const;
  absl::StatusOr<int32_t> WholeNumber(int32_t most) const;
  absl::Status CheckIsObject() const;
  absl::Status CheckIsArray() const;

  // INVALID_ARGUMENT: source, path, what was expected, and what is found here.
  absl::Status Error(const std::string& expected) const;

 private:
  JsonField(const nlohmann::json* value, std::string source, std::string path);

  const nlohmann::json* value_;
  std::string source_;
  std::string path_;  // e.g. "model.vocab"; empty for the document
};

}  // namespace verdict

#endif  // VERDICT_ENGINE_FILES_JSON_FIELD_H_
