#include "client/cli/output/format.h"

#include <google/protobuf/util/json_util.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/error.h"

namespace verdict {
namespace {

bool BeginsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::string Padded(absl::string_view text, size_t width) {
  return absl::StrCat(text, std::string(width - std::min(width, Width(text)), ' '));
}

// C0 controls and DEL by themselves; C1 controls are the bytes C2 80 to C2 9F in UTF-8.
std::string WithoutControls(absl::string_view text) {
  std::string visible;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool is_c1 = text[i] == '\xC2' && next >= 0x80 && next <= 0x9F;
    visible.push_back(is_c1 || absl::ascii_iscntrl(text[i]) ? ' ' : text[i]);
    if (is_c1) ++i;
  }
  return visible;
}

// At most `width` characters, the last of them an ellipsis if any is missing.
std::string Cut(const std::string& text, size_t width) {
  if (Width(text) <= width) return text;
  size_t end = 0;
  for (size_t characters = 0; end < text.size(); ++end) {
    if (BeginsCharacter(text[end]) && ++characters == width) break;
  }
  return absl::StrCat(text.substr(0, end), "…");
}

// Whatever bytes a text has, this is valid JSON.
std::string JsonString(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

OutputFormat ChooseFormat(bool json) {
  if (json) return OutputFormat::kJson;
  return isatty(STDOUT_FILENO) ? OutputFormat::kTerminal : OutputFormat::kTabs;
}

int TerminalColumns() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  // A script that reads `.score` wants 0, not nothing.
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : absl::StrCat("{\"error\":{\"message\":\"", status.ToString(), "\"}}");
}

std::string OutcomeFormat::JsonLine(const Outcome& outcome) const {
  std::string begin = absl::StrCat("{\"line\":", outcome.number);
  if (options_.echo && outcome.input.has_value()) {
    absl::StrAppend(&begin, ",\"text\":", JsonString(outcome.input->text()));
    if (outcome.input->has_text_pair()) {
      absl::StrAppend(&begin, ",\"text_pair\":", JsonString(outcome.input->text_pair()));
    }
  }
  std::string json;
  if (outcome.result.ok()) {
    // No model has no logits: these were not asked for. Within a string the quotes have
    // backslashes.
    json = absl::StrReplaceAll(ToJson(*outcome.result), {{",\"logits\":[]", ""}});
  } else {
    v1::ClassifyBatchResponse::Item item;
    *item.mutable_error() = ToError(outcome.result.status());
    json = ToJson(item);
  }
  return absl::StrCat(begin, ",", json.substr(1));
}

std::string OutcomeFormat::Line(const Outcome& outcome) {
  if (options_.format == OutputFormat::kJson) return JsonLine(outcome);
  // Four decimals are enough for people.
  const int decimals = options_.format == OutputFormat::kTabs ? 6 : 4;
  std::vector<std::pair<std::string, std::string>> labels;
  if (outcome.result.ok()) {
    for (const v1::LabelScore& score : outcome.result->scores()) {
      labels.emplace_back(WithoutControls(score.label()),
                          absl::StrFormat("%.*f", decimals, score.score()));
    }
  }
  if (labels.empty()) labels.emplace_back("-", "-");
  std::string line;
  for (const auto& [label, score] : labels) {
    if (options_.format == OutputFormat::kTabs) {
      absl::StrAppend(&line, label, "\t", score, "\t");
    } else {
      label_width_ = std::max(label_width_, Width(label));
      absl::StrAppend(&line, Padded(label, label_width_), "  ", Padded(score, 6), "  ");
    }
  }
  const std::string text = WithoutControls(outcome.input.has_value() ? outcome.input->text() : "");
  if (options_.format == OutputFormat::kTabs) return line + text;
  const auto columns = static_cast<size_t>(options_.columns);
  // At least some words of the text, even if the line wraps.
  return line + Cut(text, std::max<size_t>(20, columns - std::min(columns, Width(line))));
}

std::string Table(OutputFormat format, const std::vector<std::vector<std::string>>& rows) {
  std::string table;
  std::vector<size_t> widths;
  std::vector<std::vector<std::string>> visible = rows;
  for (std::vector<std::string>& row : visible) {
    for (std::string& cell : row) cell = WithoutControls(cell);
  }
  for (const std::vector<std::string>& row : visible) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  for (const std::vector<std::string>& row : visible) {
    if (format == OutputFormat::kTabs) {
      absl::StrAppend(&table, absl::StrJoin(row, "\t"), "\n");
      continue;
    }
    for (size_t i = 0; i + 1 < row.size(); ++i) {
      absl::StrAppend(&table, Padded(row[i], widths[i]), "  ");
    }
    absl::StrAppend(&table, row.empty() ? "" : row.back(), "\n");
  }
  return table;
}

size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

}  // namespace verdict
