#include "client/load/expected_replies.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

constexpr double kTolerance = 1e-6;

}  // namespace

absl::StatusOr<ExpectedReplies> ExpectedReplies::Read(const std::string& path, size_t texts) {
  std::ifstream file(path);
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  std::vector<Reply> replies;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("label") || !json["label"].is_string() ||
        !json.contains("score") || !json["score"].is_number()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": line ", replies.size() + 1,
                       ": expected an object with label and score, found ", line.substr(0, 200)));
    }
    replies.push_back({.label = json["label"], .score = json["score"]});
  }
  if (replies.size() != texts) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": expected a line for each of ", texts,
                                                   " texts, found ", replies.size()));
  }
  return ExpectedReplies(std::move(replies));
}

bool ExpectedReplies::Agree(size_t text, const v1::ClassifyResponse& reply) const {
  const Reply& expected = replies_[text];
  return reply.label() == expected.label &&
         std::abs(static_cast<double>(reply.score()) - expected.score) <= kTolerance;
}

}  // namespace verdict
