// What a load has measured, as JSON and as text.
#ifndef VERDICT_CLIENT_LOAD_REPORT_H_
#define VERDICT_CLIENT_LOAD_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "client/load/flags.h"
#include "client/load/generator.h"
#include "client/load/recorder.h"

namespace verdict {

// Everything: options, summary, stages, series (a row for each second), percentiles (the curve of
// each code), generator (how well it kept its schedule). CONTRIBUTING.md says what the figures
// mean.
nlohmann::ordered_json LoadReport(const LoadFlags& flags, const LoadRecorder& recorder,
                                  const GeneratorHealth& health);

// The summary for people, in some lines.
std::string LoadSummary(const nlohmann::ordered_json& report);

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_REPORT_H_
