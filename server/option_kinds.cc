#include "server/option_kinds.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"

namespace verdict {

std::string EnvironmentName(std::string_view option) {
  std::string name = "VERDICT";
  for (const char c : option.substr(1)) name += c == '-' ? '_' : absl::ascii_toupper(c);
  return name;
}

void Refuse(const std::string& option, const std::string& found, const std::string& expected) {
  throw CLI::ValidationError(absl::StrCat(option, " is \"", found, "\"; expected ", expected));
}

CLI::Option* AddText(CLI::App& app, const std::string& option, const std::string& default_value,
                     const std::string& help, const std::function<void(const std::string&)>& set) {
  return app.add_option_function<std::string>(option, set, help)
      ->envname(EnvironmentName(option))
      ->default_str(default_value)
      ->type_name("TEXT");
}

void AddList(CLI::App& app, const List& list, std::vector<std::string>* values) {
  const auto set = [list, values](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (!list.is_right(text)) Refuse(list.option, text, list.expected);
    }
    *values = texts;
  };
  app.add_option_function<std::vector<std::string>>(list.option, set, list.help)
      ->allow_extra_args(false)
      ->delimiter(',')
      ->envname(EnvironmentName(list.option))
      ->default_str(values->empty() ? "none" : absl::StrJoin(*values, ","))
      ->type_name(list.type);
}

void AddDuration(CLI::App& app, const std::string& option, absl::Duration most,
                 const std::string& help, absl::Duration* value) {
  AddText(
      app, option, absl::FormatDuration(*value), help,
      [option, most, value](const std::string& text) {
        absl::Duration parsed;
        if (!absl::ParseDuration(text, &parsed) || parsed < absl::ZeroDuration() || parsed > most) {
          Refuse(option, text,
                 absl::StrCat("a duration such as 30s or 500ms, at most ",
                              absl::FormatDuration(most)));
        }
        *value = parsed;
      })
      ->type_name("DURATION");
}

void AddFile(CLI::App& app, const std::string& option, const std::string& help, std::string* path) {
  AddText(app, option, "none", help, [path](const std::string& text) {
    *path = text;
  })->type_name("FILE");
}

}  // namespace verdict
