#include "client/cli/input/line_parser.h"

#include "absl/strings/match.h"

namespace verdict {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";

}  // namespace

std::optional<InputLine> LineParser::Next() {
  InputLine line;
  if (!std::getline(*input_, line.text)) return std::nullopt;
  line.number = ++lines_;
  line.bytes = line.text.size() + (input_->eof() ? 0 : 1);
  if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
  if (line.number == 1 && absl::StartsWith(line.text, kByteOrderMark)) line.text.erase(0, 3);
  return line;
}

}  // namespace verdict
