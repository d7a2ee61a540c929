#include "client/cli/classify_flags.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/connection_flags.h"

namespace verdict {
namespace {

constexpr char kFooter[] =
    R"(Prints one line for each text, in the order of the texts: label, score and text; with
--top-k, further labels and scores before the text. On a terminal the columns are aligned
and the text is cut; otherwise there is a tab between them. Control characters of the text
become blanks.

A text that cannot be classified (an empty line, say) is reported on standard error with
its number, its line has - for label and score or {"error": ...}, and the exit status is 1.

Exit status: 0 all classified; 1 at least one text failed; 2 wrong usage; 3 the server
cannot be reached, failed or took too long: output ends before the first text without an
answer.)";

template <typename Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

const Choices<v1::Activation> kActivations = {
    {"softmax", v1::SOFTMAX}, {"sigmoid", v1::SIGMOID}, {"none", v1::NONE}};
const Choices<v1::Truncation> kTruncations = {
    {"right", v1::RIGHT}, {"left", v1::LEFT}, {"head-tail", v1::HEAD_TAIL}, {"error", v1::ERROR}};

// An option that takes one of a few words. CLI11's own for this would show people the numbers
// behind.
template <typename Enum>
CLI::Option* AddChoice(CLI::App* command, const char* name, const Choices<Enum>& choices,
                       Enum* value) {
  const std::string words = absl::StrJoin(
      choices, "|", [](std::string* out, const auto& choice) { out->append(choice.first); });
  const auto choose = [name, words, value, &choices](const std::string& word) {
    const auto choice = std::find_if(choices.begin(), choices.end(),
                                     [&word](const auto& one) { return one.first == word; });
    if (choice == choices.end()) {
      throw CLI::ValidationError(name, absl::StrCat("expected ", words, ", found ", word));
    }
    *value = choice->second;
  };
  return command->add_option_function<std::string>(name, choose)->type_name(words);
}

// What is wrong with it, as CLI11 asks. A pipe, such as the shell's <(command), is as good as a
// file.
std::string CheckFile(const std::string& path) {
  std::error_code error;
  if (path == "-") return "";
  if (std::filesystem::is_directory(path, error)) return absl::StrCat(path, " is a directory");
  return std::filesystem::exists(path, error) ? "" : absl::StrCat("there is no file ", path);
}

}  // namespace

void AddClassifyFlags(CLI::App* command, ClassifyFlags* flags) {
  command->footer(kFooter);
  CLI::Option* texts =
      command->add_option("text", flags->texts, "Texts; without any, lines of standard input");
  texts->type_name("TEXT");
  command->add_option("-f,--file", flags->file, "Classify the lines of a file; - is standard input")
      ->type_name("FILE")
      ->excludes(texts)
      ->check(CheckFile);
  command->add_option("--pair", flags->text_pair, "The second text of each pair")
      ->type_name("TEXT");
  command
      ->add_option("--top-k", flags->top_k,
                   "How many labels, best first; 0: all, or the best 100 of a model with more")
      ->type_name("N")
      ->default_str("1, with --json 0");
  AddChoice(command, "--activation", kActivations, &flags->activation)
      ->description("What makes scores of logits; else the model's own");
  AddChoice(command, "--truncation", kTruncations, &flags->truncation)
      ->description("What a long text loses; else the server's default");
  CLI::Option* json = command->add_flag("--json", flags->json, "Print one JSON object a line");
  command->add_flag("--logits", flags->logits, "Add the raw logits")->needs(json);
  AddConnectionFlags(command, &flags->connection);
}

}  // namespace verdict
