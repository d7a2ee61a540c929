// What a load measured, on which machine, and when.
#ifndef VERDICT_CLIENT_LOAD_SUBJECT_H_
#define VERDICT_CLIENT_LOAD_SUBJECT_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "verdict/v1/classifier.pb.h"

namespace verdict {

// The machine of the load generator.
struct LoadMachine {
  std::string cpu;  // empty if the system does not say
  int cores = 0;    // that this process may use
};

// This one.
LoadMachine ThisMachine();

// The model of the CPU in what /proc/cpuinfo says; empty if it says none, as on ARM.
std::string CpuModel(absl::string_view cpuinfo);

struct LoadSubject {
  absl::Time begun = absl::UnixEpoch();
  std::optional<v1::GetModelResponse> model = std::nullopt;  // none if the server does not say
  LoadMachine machine = {};
};

// One object, without others in it; null for what is not known.
nlohmann::ordered_json SubjectJson(const LoadSubject& subject);

}  // namespace verdict

#endif  // VERDICT_CLIENT_LOAD_SUBJECT_H_
