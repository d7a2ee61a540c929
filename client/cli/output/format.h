// What the command line prints: for people, for scripts, or as JSON.
#ifndef VERDICT_CLIENT_CLI_OUTPUT_FORMAT_H_
#define VERDICT_CLIENT_CLI_OUTPUT_FORMAT_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/bulk_classifier.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

enum class OutputFormat {
  kTerminal,  // aligned columns, cut to the width of the terminal
  kTabs,      // the same columns, whole, with a tab between them
  kJson,      // one object a line, with Protobuf's JSON names
};

// kJson when asked for; else by what standard output is.
OutputFormat ChooseFormat(bool json);

// Columns of standard output when it is a terminal; 80 if it does not tell.
int TerminalColumns();

// `message` as JSON in one line, all fields present.
std::string ToJson(const google::protobuf::Message& message);

// One line for each outcome, so that line N of the output is about line N of the input:
//   label, score (further labels and scores if asked for) and the text; or the response as JSON,
//   with its logits only if asked for, behind "line", the outcome's number, and an echo of the
//   text if asked for.
// In place of what failed stand two dashes and the text, or {"line": ..., "error": ...}.
//
// Blanks stand for the text's control characters: it can neither break a line nor command a
// terminal.
class OutcomeFormat {
 public:
  struct Options {
    OutputFormat format = OutputFormat::kTabs;
    int columns = 80;   // of a terminal
    bool echo = false;  // JSON has the text, too: "text", and "text_pair" of a pair
  };

  explicit OutcomeFormat(Options options) : options_(options) {}

  // Without the end of the line. Not const: the column of labels grows with them.
  std::string Line(const Outcome& outcome);

 private:
  std::string JsonLine(const Outcome& outcome) const;

  const Options options_;
  size_t label_width_ = 0;
};

// Rows of a table in lines: aligned in a terminal, with tabs otherwise, and blanks for control
// characters: a model's labels are others' words, too. Not for kJson.
std::string Table(OutputFormat format, const std::vector<std::vector<std::string>>& rows);

// The width of UTF-8 text in characters: exact for most scripts, short for East Asian ones.
size_t Width(absl::string_view text);

}  // namespace verdict

#endif  // VERDICT_CLIENT_CLI_OUTPUT_FORMAT_H_
