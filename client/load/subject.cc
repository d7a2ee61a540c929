#include "client/load/subject.h"

#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace verdict {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

LoadMachine ThisMachine() {
  std::ostringstream cpuinfo;
  cpuinfo << std::ifstream("/proc/cpuinfo").rdbuf();
  return {.cpu = CpuModel(cpuinfo.str()),
          .cores = static_cast<int>(std::thread::hardware_concurrency())};
}

std::string CpuModel(absl::string_view cpuinfo) {
  for (const absl::string_view line : absl::StrSplit(cpuinfo, '\n')) {
    const size_t colon = line.find(':');
    if (!absl::StartsWith(line, "model name") || colon == absl::string_view::npos) continue;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return "";
}

Json SubjectJson(const LoadSubject& subject) {
  const v1::GetModelResponse model = subject.model.value_or(v1::GetModelResponse());
  return {
      {"date", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", subject.begun, absl::UTCTimeZone())},
      {"client_version", VERDICT_VERSION},
      {"server_version", OrNull(model.version())},
      {"model", OrNull(model.name())},
      {"revision", OrNull(model.revision())},
      {"precision", OrNull(model.precision())},
      {"kernels", OrNull(model.kernels())},
      {"instruction_set", OrNull(model.isa())},
      {"server_threads", model.threads() == 0 ? Json(nullptr) : Json(model.threads())},
      {"client_cpu", OrNull(subject.machine.cpu)},
      {"client_cores", subject.machine.cores == 0 ? Json(nullptr) : Json(subject.machine.cores)}};
}

}  // namespace verdict
