#include "environment/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

// Levenshtein's distance: letters to insert, delete or replace.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string Nearest(absl::string_view name, const std::vector<OptionVariable>& known) {
  const auto nearest = std::min_element(
      known.begin(), known.end(), [name](const OptionVariable& a, const OptionVariable& b) {
        return Distance(name, a.variable) < Distance(name, b.variable);
      });
  return nearest == known.end() ? "" : nearest->variable;
}

}  // namespace

void TrimVariables(const std::vector<OptionVariable>& variables) {
  for (const auto& [option, variable] : variables) {
    const char* const value = std::getenv(variable.c_str());
    if (value == nullptr) continue;
    const std::string trimmed(absl::StripAsciiWhitespace(value));
    if (trimmed != value) setenv(variable.c_str(), trimmed.c_str(), 1);
  }
}

bool IsSet(const std::string& variable) {
  const char* const value = std::getenv(variable.c_str());
  return value != nullptr && *value != '\0';
}

bool IsGiven(absl::string_view option, int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [option](absl::string_view argument) {
    return argument == option || absl::StartsWith(argument, absl::StrCat(option, "="));
  });
}

std::string NameVariable(absl::string_view message, const std::vector<OptionVariable>& variables,
                         int argc, const char* const* argv) {
  const absl::string_view name = message.substr(0, message.find_first_of(" :"));
  for (const auto& [option, variable] : variables) {
    if (name == option && IsSet(variable) && !IsGiven(option, argc, argv)) {
      return absl::StrCat(variable, message.substr(name.size()));
    }
  }
  return std::string(message);
}

std::vector<UnknownVariable> UnknownVariables(absl::string_view prefix,
                                              const std::vector<OptionVariable>& known) {
  std::vector<UnknownVariable> unknown;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view entry = *variable;
    const std::string name(entry.substr(0, entry.find('=')));
    if (!absl::StartsWith(name, prefix) || IsServiceVariable(name)) continue;
    const bool is_known = std::any_of(known.begin(), known.end(), [&name](const auto& option) {
      return option.variable == name;
    });
    if (!is_known) unknown.push_back({.name = name, .nearest = Nearest(name, known)});
  }
  std::sort(unknown.begin(), unknown.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return unknown;
}

bool IsServiceVariable(absl::string_view name) {
  static const std::regex pattern(
      "VERDICT(_[A-Z0-9_]+)?_("
      "SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|"
      "PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");
  return std::regex_match(name.begin(), name.end(), pattern);
}

}  // namespace verdict
