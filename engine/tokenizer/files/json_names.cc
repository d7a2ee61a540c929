#include "engine/tokenizer/files/json_names.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace verdict {
namespace {

using Json = nlohmann::json;

class NameCollector : public nlohmann::json_sax<Json> {
 public:
  explicit NameCollector(std::string_view member) : member_(member) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_object(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }

  bool key(std::string& name) override {
    const bool is_wanted = member_.empty() ? depth_ == 1 : depth_ == 2 && is_in_member_;
    if (depth_ == 1) is_in_member_ = name == member_;
    if (is_wanted) names_.push_back(std::move(name));
    return true;
  }

  bool parse_error(size_t, const std::string&, const Json::exception&) override { return false; }

  std::vector<std::string> TakeNames() { return std::move(names_); }

 private:
  bool Enter() {
    ++depth_;
    return true;
  }
  bool Leave() {
    --depth_;
    return true;
  }

  const std::string_view member_;
  size_t depth_ = 0;
  bool is_in_member_ = false;  // whether the last name of the outermost object was `member_`
  std::vector<std::string> names_;
};

}  // namespace

std::vector<std::string> NamesInOrder(std::string_view text, std::string_view member) {
  NameCollector collector(member);
  Json::sax_parse(text.begin(), text.end(), &collector);
  return collector.TakeNames();
}

}  // namespace verdict
