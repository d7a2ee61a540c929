// The words that an option takes, and what they mean: how both programs read them.
#ifndef VERDICT_ENVIRONMENT_CHOICES_H_
#define VERDICT_ENVIRONMENT_CHOICES_H_

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace verdict {

// Words of one option, in the order in which messages name them. They are taken in any case, and
// with _ for -: the contract writes HEAD_TAIL where an option writes head-tail.
//
// CLI11's own transformers show people the numbers behind the words.
//
// Immutable once made.
template <typename T>
class Choices {
 public:
  // REQUIRES: at least one, each in lower case.
  Choices(std::initializer_list<std::pair<std::string, T>> choices) : choices_(choices) {}
  explicit Choices(std::vector<std::pair<std::string, T>> choices) : choices_(std::move(choices)) {}

  // What `text` means; null if it is none of the words.
  const T* Find(absl::string_view text) const {
    const std::string word = absl::StrReplaceAll(text, {{"_", "-"}});
    for (const auto& [name, meaning] : choices_) {
      if (absl::EqualsIgnoreCase(name, word)) return &meaning;
    }
    return nullptr;
  }

  // "softmax|sigmoid|none".
  std::string Words() const {
    return absl::StrJoin(choices_, "|",
                         [](std::string* out, const auto& choice) { out->append(choice.first); });
  }

  const std::string& first() const { return choices_.front().first; }

 private:
  std::vector<std::pair<std::string, T>> choices_;
};

}  // namespace verdict

#endif  // VERDICT_ENVIRONMENT_CHOICES_H_
