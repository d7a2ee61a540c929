// What a load has measured, as JSON and as text.
#ifndef VERDICT_CLIENT_LOAD_REPORT_H_
#define VERDICT_CLIENT_LOAD_REPORT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "client/load/flags.h"
#include "client/load/generator.h"
#include "client/load/recorder.h"
#include "client/load/subject.h"

namespace verdict {

// Everything: subject, options, summary, stages, series (a row for each second), percentiles (the
// curve of each code), generator (how well it kept its schedule). CONTRIBUTING.md says what the
// figures mean.
nlohmann::ordered_json LoadReport(const LoadSubject& subject, const LoadFlags& flags,
                                  const LoadRecorder& recorder, const GeneratorHealth& health);

struct LoadFigure {
  std::string name;
  std::string value;  // with its unit
};

// The figures that people look at first: the console and the tiles of the page show the same.
std::vector<LoadFigure> LoadFigures(const nlohmann::ordered_json& report);

// The summary for people, in some lines.
std::string LoadSummary(const nlohmann::ordered_json& report);

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_REPORT_H_
