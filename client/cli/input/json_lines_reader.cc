#include "client/cli/input/json_lines_reader.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/input/field_names.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

absl::Status Expected(const std::string& what, const std::string& found, const std::string& next) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", found ", found, "; ", next));
}

absl::StatusOr<Json> ParseObject(const std::string& line) {
  const std::string object = "a JSON object in one line";
  if (absl::StripAsciiWhitespace(line).empty()) {
    return Expected(object, "an empty line", "leave it out");
  }
  Json json;
  try {
    json = Json::parse(line);
  } catch (const Json::parse_error& error) {
    return Expected(object, absl::StrCat("text that is no JSON from byte ", error.byte, " on"),
                    "correct the line, or see --input-format");
  }
  if (json.is_object()) return json;
  return Expected(object, absl::StrCat("JSON of the type ", json.type_name()),
                  "correct the line, or see --input-format");
}

absl::StatusOr<std::string> StringOf(const Json& object, const FieldOption& field) {
  const auto found = object.find(field.name);
  if (found == object.end()) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return absl::InvalidArgumentError(MissingField(field, names));
  }
  if (found->is_string()) return found->get<std::string>();
  return Expected(absl::StrCat("a string in the field ", Quoted(field.name)),
                  absl::StrCat("the type ", found->type_name()),
                  absl::StrCat("correct the line, or name another field with ", field.option));
}

absl::StatusOr<v1::Input> ToInput(const std::string& line, const TextFields& fields) {
  const absl::StatusOr<Json> object = ParseObject(line);
  if (!object.ok()) return object.status();
  v1::Input input;
  absl::StatusOr<std::string> text = StringOf(*object, {kTextFieldOption, fields.text});
  if (!text.ok()) return text.status();
  input.set_text(*std::move(text));
  if (!fields.pair.has_value()) return input;
  absl::StatusOr<std::string> pair = StringOf(*object, {kPairFieldOption, *fields.pair});
  if (!pair.ok()) return pair.status();
  input.set_text_pair(*std::move(pair));
  return input;
}

}  // namespace

std::optional<TextRecord> JsonLinesReader::Next() {
  const std::optional<InputLine> line = lines_.Next();
  if (!line.has_value()) return std::nullopt;
  return TextRecord{
      .line = line->number, .bytes = line->bytes, .input = ToInput(line->text, fields_)};
}

}  // namespace verdict
