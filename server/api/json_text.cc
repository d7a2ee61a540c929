#include "server/api/json_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "server/contract/error_reason.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

// A caller's word in a message is cut here.
constexpr size_t kMostQuotedBytes = 40;
// A word that is further from all others was not mistyped.
constexpr size_t kMostEdits = 2;

std::string Quoted(absl::string_view word) {
  std::string shown;
  for (const char c : word.substr(0, kMostQuotedBytes)) shown += absl::ascii_isprint(c) ? c : '?';
  return absl::StrCat("\"", shown, word.size() > kMostQuotedBytes ? "…" : "", "\"");
}

// How many letters have to be changed, added or removed to make `a` of `b`, whatever their case.
size_t Edits(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced =
          diagonal + (absl::ascii_tolower(a[i]) == absl::ascii_tolower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// The one of `words` that is like `word`; empty: none is.
std::string Nearest(absl::string_view word, const std::vector<std::string>& words) {
  std::string nearest;
  size_t least = kMostEdits + 1;
  if (word.size() > kMostQuotedBytes) return nearest;
  for (const std::string& candidate : words) {
    const size_t edits = Edits(word, candidate);
    if (edits < least && edits < candidate.size()) {
      least = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

std::vector<std::string> FieldsOf(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->json_name());
  return names;
}

// Without the one that means that nothing is said.
std::vector<std::string> WordsOf(const EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 1; i < type.value_count(); ++i) words.push_back(type.value(i)->name());
  return words;
}

const FieldDescriptor* FieldOf(const Descriptor& type, const std::string& name) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name || type.field(i)->name() == name) return type.field(i);
  }
  return nullptr;
}

// A field one level below, since many interfaces have the text at the top.
std::string FieldBelow(const Descriptor& type, const std::string& name) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr || FieldOf(*field.message_type(), name) == nullptr)
      continue;
    return absl::StrCat(field.json_name(), field.is_repeated() ? "[0]." : ".", name);
  }
  return "";
}

absl::Status Wrong(const std::string& path, absl::string_view what) {
  return InvalidRequest(v1::BAD_FIELD, path, absl::StrCat(path.empty() ? "the body" : path, what));
}

// What is wrong first with the JSON of a message; OK: nothing of what is looked for here.
class Explanation {
 public:
  static absl::Status Of(const json& value, const Descriptor& type, const std::string& path) {
    if (!value.is_object()) {
      return Wrong(path, absl::StrCat(" is ", Kind(value), "; expected an object with ",
                                      absl::StrJoin(FieldsOf(type), ", ")));
    }
    for (const auto& [name, member] : value.items()) {
      const FieldDescriptor* field = FieldOf(type, name);
      if (field == nullptr) return Unknown(name, type, path);
      const std::string inner = path.empty() ? name : absl::StrCat(path, ".", name);
      if (absl::Status status = OfField(member, *field, inner); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  static std::string Kind(const json& value) {
    return value.is_array()    ? "an array"
           : value.is_object() ? "an object"
                               : absl::StrCat("a ", value.type_name());
  }

  static absl::Status Unknown(const std::string& name, const Descriptor& type,
                              const std::string& path) {
    const std::vector<std::string> fields = FieldsOf(type);
    std::string meant = Nearest(name, fields);
    if (meant.empty()) meant = FieldBelow(type, name);
    const std::string hint = meant.empty()
                                 ? absl::StrCat("expected one of ", absl::StrJoin(fields, ", "))
                                 : absl::StrCat("did you mean ", Quoted(meant), "?");
    return Wrong(path, absl::StrCat(" has no field ", Quoted(name), "; ", hint));
  }

  static absl::Status OfField(const json& value, const FieldDescriptor& field,
                              const std::string& path) {
    if (value.is_null()) return absl::OkStatus();  // as if it were not there
    if (!field.is_repeated()) return OfOne(value, field, path);
    if (!value.is_array()) {
      return Wrong(path, absl::StrCat(" is ", Kind(value), "; expected an array"));
    }
    for (size_t i = 0; i < value.size(); ++i) {
      absl::Status status = OfOne(value[i], field, absl::StrCat(path, "[", i, "]"));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  static absl::Status OfOne(const json& value, const FieldDescriptor& field,
                            const std::string& path) {
    if (field.message_type() != nullptr) return Of(value, *field.message_type(), path);
    if (field.enum_type() != nullptr) return OfEnum(value, *field.enum_type(), path);
    const FieldDescriptor::CppType type = field.cpp_type();
    const bool fits = type == FieldDescriptor::CPPTYPE_STRING ? value.is_string()
                      : type == FieldDescriptor::CPPTYPE_BOOL ? value.is_boolean()
                                                              : !value.is_structured();
    if (fits) return absl::OkStatus();
    return Wrong(path, absl::StrCat(" is ", Kind(value), "; expected ",
                                    type == FieldDescriptor::CPPTYPE_STRING ? "a string"
                                    : type == FieldDescriptor::CPPTYPE_BOOL ? "true or false"
                                                                            : "a number"));
  }

  static absl::Status OfEnum(const json& value, const EnumDescriptor& type,
                             const std::string& path) {
    const std::vector<std::string> words = WordsOf(type);
    const std::string expected = absl::StrCat("; expected one of ", absl::StrJoin(words, ", "));
    if (value.is_number_integer()) return absl::OkStatus();  // whose range the call checks
    if (!value.is_string()) return Wrong(path, absl::StrCat(" is ", Kind(value), expected));
    const std::string& word = value.get_ref<const std::string&>();
    if (type.FindValueByName(word) != nullptr) return absl::OkStatus();
    return Wrong(path, absl::StrCat(" is ", Quoted(word), expected));
  }
};

}  // namespace

absl::Status ReadJson(const std::string& text, google::protobuf::Message* message) {
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, message);
  if (parsed.ok()) return absl::OkStatus();
  // Only what is refused is read a second time.
  const json value = json::parse(text, nullptr, false);
  if (!value.is_discarded()) {
    absl::Status status = Explanation::Of(value, *message->GetDescriptor(), "");
    if (!status.ok()) return status;
  }
  // The first line says what is wrong; others would repeat the text.
  const std::string reason(parsed.message().data(), parsed.message().size());
  return absl::InvalidArgumentError(absl::StrCat("the body is not the JSON of a ",
                                                 message->GetTypeName(), ": ",
                                                 reason.substr(0, reason.find('\n'))));
}

absl::StatusOr<std::string> WriteJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) {
    return absl::InternalError("the reply could not be written as JSON");
  }
  return text;
}

}  // namespace verdict
