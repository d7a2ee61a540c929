#include "client/cli/classify_flags.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/connection_flags.h"
#include "client/cli/input/field_names.h"
#include "environment/choices.h"

namespace verdict {
namespace {

constexpr char kFooter[] =
    R"(Prints one line for each text, in the order of the texts: label, score and text; with
--top-k, further labels and scores before the text. On a terminal the columns are aligned
and the text is cut; otherwise there is a tab between them. Control characters of the text
become blanks.

With --json, an object a line: "line", the number of the input's line where the text begins
(of an argument, its place), and the reply; --echo adds "text", and "text_pair" of a pair.

--input-format jsonl reads a JSON object a line, csv records (RFC 4180) whose first one names
the fields; --text-field says which has the text.

A text that cannot be classified (an empty line, a record without the field) is reported on
standard error with its number, its line has - for label and score or {"error": ...}, and
the exit status is 1.

SIGINT and SIGTERM end it between two lines of output, and it says how far it came.

Exit status: 0 all classified; 1 at least one text failed; 2 wrong usage; 3 the server
cannot be reached, failed or took too long: output ends before the first text without an
answer; 130 and 143 ended by SIGINT and SIGTERM.)";

const Choices<v1::Activation> kActivations = {
    {"softmax", v1::SOFTMAX}, {"sigmoid", v1::SIGMOID}, {"none", v1::NONE}};
const Choices<InputFormat> kInputFormats = {
    {"text", InputFormat::kText}, {"jsonl", InputFormat::kJsonl}, {"csv", InputFormat::kCsv}};
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

void AddInputFlags(CLI::App* command, CLI::Option* texts, ClassifyFlags* flags) {
  command->add_option("-f,--file", flags->file, "Classify the texts of a file; - is standard input")
      ->type_name("FILE")
      ->excludes(texts)
      ->check(CheckFile);
  AddChoice(command, "--input-format", kInputFormats, &flags->input_format)
      ->description("What has the texts: lines, JSON objects one a line, or records of CSV")
      ->excludes(texts)
      ->default_str(kInputFormats.first());
  CLI::Option* pair =
      command->add_option("--pair", flags->text_pair, "The second text of each pair")
          ->type_name("TEXT");
  const auto add_field = [command, flags](const char* name, auto* field, const char* help) {
    const auto set = [name, flags, field](const std::string& text) {
      // Known already: CLI11 runs options in the order in which they were added.
      if (flags->input_format == InputFormat::kText) {
        throw CLI::ValidationError(name, "expected --input-format jsonl or csv, found text");
      }
      *field = text;
    };
    return command->add_option_function<std::string>(name, set, help)->type_name("NAME");
  };
  add_field(kTextFieldOption, &flags->fields.text, "The field of jsonl and csv that is the text")
      ->default_str(flags->fields.text);
  add_field(kPairFieldOption, &flags->fields.pair, "The field that is the second text of a pair")
      ->excludes(pair);
}

}  // namespace

void AddClassifyFlags(CLI::App* command, ClassifyFlags* flags) {
  command->footer(kFooter);
  CLI::Option* texts =
      command->add_option("text", flags->texts, "Texts; without any, those of standard input");
  texts->type_name("TEXT");
  AddInputFlags(command, texts, flags);
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
  command->add_flag("--echo", flags->echo, "Add the text")->needs(json);
  command->add_flag("--logits", flags->logits, "Add the raw logits")->needs(json);
  AddConnectionFlags(command, &flags->connection);
}

}  // namespace verdict
