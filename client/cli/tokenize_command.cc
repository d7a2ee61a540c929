#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/cli/connection_notice.h"
#include "client/cli/output/format.h"
#include "client/client.h"

namespace verdict {
namespace {

struct TokenizeFlags {
  ClientOptions connection;
  std::string text;
  std::optional<std::string> text_pair;
  bool no_special_tokens = false;
  bool json = false;
};

ExitStatus RunTokenize(const TokenizeFlags& flags) {
  const absl::StatusOr<Client> client = Client::Open(flags.connection);
  if (!client.ok()) return ReportWrongConnection(client.status());
  const ConnectionNotice notice({.connection = flags.connection}, client->channel());
  v1::TokenizeRequest request;
  request.mutable_input()->set_text(flags.text);
  if (flags.text_pair) request.mutable_input()->set_text_pair(*flags.text_pair);
  request.set_add_special_tokens(!flags.no_special_tokens);
  const absl::StatusOr<v1::TokenizeResponse> response = client->Tokenize(request);
  if (absl::IsInvalidArgument(response.status())) {
    absl::FPrintF(stderr, "verdict: %s\n", response.status().message());
    return kSomeFailed;
  }
  if (!response.ok()) return ReportServerFailure(flags.connection, response.status());
  const OutputFormat format = ChooseFormat(flags.json);
  if (format == OutputFormat::kJson) {
    absl::PrintF("%s\n", ToJson(*response));
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const v1::Token& token : response->tokens()) {
    rows.push_back({absl::StrCat(token.id()), absl::StrCat(token.begin()),
                    absl::StrCat(token.end()), token.text()});
  }
  std::fputs(Table(format, rows).c_str(), stdout);
  return kDone;
}

}  // namespace

void AddTokenizeCommand(CLI::App* app, ExitStatus* exit_status) {
  CLI::App* command = app->add_subcommand("tokenize", "Show the tokens that the model would see");
  command->footer(
      "One line for each token: its id, the bytes [begin, end) of the text that it came from,\n"
      "and the token itself.");
  const auto flags = std::make_shared<TokenizeFlags>();
  command->add_option("text", flags->text, "The text")->type_name("TEXT")->required();
  command->add_option("--pair", flags->text_pair, "A second text")->type_name("TEXT");
  command->add_flag("--no-special-tokens", flags->no_special_tokens, "Leave out [CLS] and [SEP]");
  command->add_flag("--json", flags->json, "Print one JSON object");
  AddConnectionFlags(command, &flags->connection);
  command->callback([flags, exit_status] { *exit_status = RunTokenize(*flags); });
}

}  // namespace verdict
