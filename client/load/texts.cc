#include "client/load/texts.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

constexpr const char* kWords[] = {"the",  "film", "was",   "good", "and", "story", "of",
                                  "a",    "man",  "who",   "had",  "no",  "time",  "for",
                                  "love", "is",   "never", "bad",  "but", "long"};

std::string TextOf(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : " ", kWords[i % std::size(kWords)]);
  }
  return text;
}

}  // namespace

std::vector<std::string> BuiltInTexts() {
  return {
      "A warm, funny film with a brilliant cast.",
      "Dull.",
      "I would not wish these two hours on anybody.",
      "The parcel came a day early, well packed, and everything works.",
      ("It starts slowly, and for twenty minutes I thought of leaving, but then the second half "
       "takes hold and does not let go until the very last picture."),
      "Terrible service: nobody answered for a week.",
      "Not bad at all.",
      ("The screen is sharp and the battery lasts, yet the keyboard feels cheap and two keys stuck "
       "after a month."),
  };
}

absl::StatusOr<std::vector<std::string>> ReadTexts(const std::string& path) {
  std::ifstream file(path);
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) texts.push_back(line);
  }
  if (texts.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " has no texts"));
  return texts;
}

absl::StatusOr<std::vector<std::string>> TextsOfTokenCounts(const std::string& path) {
  absl::StatusOr<std::vector<std::string>> texts = ReadTexts(path);
  if (!texts.ok()) return texts;
  for (std::string& text : *texts) {
    int words = 0;
    if (!absl::SimpleAtoi(text, &words) || words < 1 || words > 1'000'000) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": expected a number from 1 to 1000000 in each line, found ", text));
    }
    text = TextOf(words);
  }
  return texts;
}

}  // namespace verdict
