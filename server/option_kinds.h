// The kinds of options that verdictd has: numbers, choices, durations, lists.
#ifndef VERDICT_SERVER_OPTION_KINDS_H_
#define VERDICT_SERVER_OPTION_KINDS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "environment/choices.h"

namespace verdict {

// Each Add… adds an option whose default is what its value has, and a variable of the environment
// beside it. A bad value is refused by a CLI::ValidationError that names the option, what was
// expected and what was found.

// --max-inputs can be said as VERDICT_MAX_INPUTS.
std::string EnvironmentName(std::string_view option);

[[noreturn]] void Refuse(const std::string& option, const std::string& found,
                         const std::string& expected);

// All options go through here. `set` refuses values by itself: CLI11's own checks leave a bad value
// of the environment unsaid in some versions.
CLI::Option* AddText(CLI::App& app, const std::string& option, const std::string& default_value,
                     const std::string& help, const std::function<void(const std::string&)>& set);

template <typename Integer>
void AddCount(CLI::App& app, const std::string& option, int64_t least, int64_t most,
              const std::string& help, Integer* value) {
  AddText(app, option, absl::StrCat(*value), help,
          [option, least, most, value](const std::string& text) {
            int64_t parsed = 0;
            if (!absl::SimpleAtoi(text, &parsed) || parsed < least || parsed > most) {
              Refuse(option, text, absl::StrCat("a number from ", least, " to ", most));
            }
            *value = static_cast<Integer>(parsed);
          })
      ->type_name("N");
}

// The first of the choices is the default.
template <typename T>
void AddChoice(CLI::App& app, const std::string& option, const Choices<T>& choices,
               const std::string& help, T* value) {
  AddText(app, option, choices.first(), help, [option, choices, value](const std::string& text) {
    const T* const meaning = choices.Find(text);
    if (meaning == nullptr) Refuse(option, text, choices.Words());
    *value = *meaning;
  })->type_name(choices.Words());
}

// An option that may be given several times, and whose variable has commas.
struct List {
  std::string option;
  std::string type;
  std::string help;
  bool (*is_right)(const std::string&);
  std::string expected;
};

void AddList(CLI::App& app, const List& list, std::vector<std::string>* values);

void AddDuration(CLI::App& app, const std::string& option, absl::Duration most,
                 const std::string& help, absl::Duration* value);

void AddFile(CLI::App& app, const std::string& option, const std::string& help, std::string* path);

}  // namespace verdict

#endif  // VERDICT_SERVER_OPTION_KINDS_H_
