#include "engine/files/json_file.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/file.h"
#include "engine/files/quoted.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

// Receives the parser's events and builds the document, checking what the parser does not. An
// event that returns false stops the parser, so a bad file costs no more than its good beginning.
class DocumentBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit DocumentBuilder(size_t max_values) : max_values_(max_values) {}

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(int64_t value) override { return Add(value); }
  bool number_unsigned(uint64_t value) override { return Add(value); }
  bool number_float(double value, const std::string&) override { return Add(value); }
  bool string(std::string& value) override { return Add(std::move(value)); }
  bool binary(Json::binary_t&) override { return Fail("binary value"); }  // never found in text
  bool start_object(size_t) override { return Enter(Json::object()); }
  bool end_object() override { return Leave(); }
  bool start_array(size_t) override { return Enter(Json::array()); }
  bool end_array() override { return Leave(); }

  bool key(std::string& name) override {
    const auto [member, is_new] =
        open_.back()->get_ref<Json::object_t&>().emplace(std::move(name), nullptr);
    if (!is_new) {
      return Fail(absl::StrCat("the name ", Quoted(member->first), " is twice in one object"));
    }
    member_ = &member->second;
    return true;
  }

  bool parse_error(size_t position, const std::string& last_token,
                   const Json::exception&) override {
    return Fail(absl::StrCat("not JSON at byte ", position, ", near ", Quoted(last_token)));
  }

  Json& document() { return document_; }
  const std::string& error() const { return error_; }

 private:
  bool Fail(std::string error) {
    error_ = std::move(error);
    return false;
  }

  // Where the next value belongs; null if there are too many. Pointers stay valid: an open array
  // grows only by its last element, while none inside it is open.
  Json* Place() {
    if (values_ == max_values_) {
      Fail(absl::StrCat("holds more than ", max_values_, " values"));
      return nullptr;
    }
    ++values_;
    if (open_.empty()) return &document_;
    if (open_.back()->is_object()) return member_;
    open_.back()->push_back(nullptr);
    return &open_.back()->back();
  }

  bool Add(Json value) {
    Json* place = Place();
    if (place == nullptr) return false;
    *place = std::move(value);
    return true;
  }

  bool Enter(Json empty) {
    if (open_.size() == kMaxJsonDepth) {
      return Fail(absl::StrCat("nested deeper than ", kMaxJsonDepth, " levels"));
    }
    Json* place = Place();
    if (place == nullptr) return false;
    *place = std::move(empty);
    open_.push_back(place);
    return true;
  }

  bool Leave() {
    open_.pop_back();
    return true;
  }

  const size_t max_values_;
  size_t values_ = 0;
  Json document_;
  std::vector<Json*> open_;  // objects and arrays not yet ended, outermost first
  Json* member_ = nullptr;   // of the last name read
  std::string error_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, const std::string& source,
                               size_t max_values) {
  // The parser would take it for the end and ignore what follows.
  if (const size_t nul = text.find('\0'); nul != text.npos) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": not JSON: NUL at byte ", nul));
  }
  DocumentBuilder builder(max_values);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return absl::InvalidArgumentError(absl::StrCat(source, ": ", builder.error()));
  }
  return std::move(builder.document());
}

absl::StatusOr<Json> ReadJsonFile(const std::string& path, uint64_t max_bytes) {
  absl::StatusOr<std::string> text = ReadWholeFile(path, max_bytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<Json> document = ParseJson(*text, path);
  if (document.ok() && !document->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": expected a JSON object, found ", ValueText(*document)));
  }
  return document;
}

std::string ValueText(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  if (value.is_string()) return Quoted(value.get_ref<const std::string&>());
  return value.dump();  // a number, true, false or null: short, and nothing in it can throw
}

}  // namespace verdict
