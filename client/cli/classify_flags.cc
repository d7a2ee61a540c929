#include "client/cli/classify_flags.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/connection_flags.h"
#include "environment/choices.h"

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

const Choices<v1::Activation> kActivations = {
    {"softmax", v1::SOFTMAX}, {"sigmoid", v1::SIGMOID}, {"none", v1::NONE}};
const Choices<v1::Truncation> kTruncations = {
    {"right", v1::RIGHT}, {"left", v1::LEFT}, {"head-tail", v1::HEAD_TAIL}, {"error", v1::ERROR}};

// `choices` must outlive `command`.
template <typename Enum>
CLI::Option* AddChoice(CLI::App* command, const char* name, const Choices<Enum>& choices,
                       Enum* value) {
  const auto choose = [name, &choices, value](const std::string& word) {
    const Enum* const meaning = choices.Find(word);
    if (meaning == nullptr) {
      throw CLI::ValidationError(name,
                                 absl::StrCat("expected ", choices.Words(), ", found ", word));
    }
    *value = *meaning;
  };
  return command->add_option_function<std::string>(name, choose)->type_name(choices.Words());
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
