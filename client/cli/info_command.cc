#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/connection_flags.h"
#include "client/cli/connection_notice.h"
#include "client/cli/output/format.h"
#include "client/client.h"

namespace verdict {
namespace {

struct InfoFlags {
  ClientOptions connection;
  bool json = false;
};

ExitStatus RunInfo(const InfoFlags& flags) {
  const absl::StatusOr<Client> client = Client::Open(flags.connection);
  if (!client.ok()) return ReportWrongConnection(client.status());
  const ConnectionNotice notice({.connection = flags.connection}, client->channel());
  const absl::StatusOr<v1::GetModelResponse> model = client->GetModel();
  if (!model.ok()) return ReportServerFailure(flags.connection, model.status());
  const OutputFormat format = ChooseFormat(flags.json);
  if (format == OutputFormat::kJson) {
    absl::PrintF("%s\n", ToJson(*model));
    return kDone;
  }
  const std::string table =
      Table(format, {{"name", model->name()},
                     {"revision", model->revision()},
                     {"labels", absl::StrJoin(model->labels(), ", ")},
                     {"problem type", model->problem_type().empty() ? "-" : model->problem_type()},
                     {"max tokens", absl::StrCat(model->max_tokens())},
                     {"parameters", absl::StrCat(model->parameters())},
                     {"precision", model->precision()},
                     {"instruction set", model->isa()},
                     {"kernels", model->kernels()},
                     {"threads", absl::StrCat(model->threads())},
                     {"server version", model->version()}});
  std::fputs(table.c_str(), stdout);
  return kDone;
}

}  // namespace

void AddInfoCommand(CLI::App* app, ExitStatus* exit_status) {
  CLI::App* command = app->add_subcommand("info", "Describe the model and how it is run");
  const auto flags = std::make_shared<InfoFlags>();
  command->add_flag("--json", flags->json, "Print one JSON object");
  AddConnectionFlags(command, &flags->connection);
  command->callback([flags, exit_status] { *exit_status = RunInfo(*flags); });
}

}  // namespace verdict
