// What verdictd answers is what the demo model's trainer counted, text by text.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/fixtures/test_files.h"
#include "tests/server/fixtures/verdictd_process.h"
#include "verdict/v1/classifier.grpc.pb.h"

namespace verdict {
namespace {

std::vector<std::string> ReadLines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The labels that the trainer's own code gave to SST-2's dev set: "1" is POSITIVE.
std::vector<std::string> TrainersLabels() {
  std::vector<std::string> labels =
      ReadLines(VERDICT_SOURCE_DIR "/models/demo/training/dev_labels.txt");
  std::erase_if(labels, [](const std::string& line) { return absl::StartsWith(line, "#"); });
  return labels;
}

// Text and label of each row of SST-2's dev set; nothing where it is not there.
std::vector<std::pair<std::string, std::string>> Dev() {
  std::vector<std::pair<std::string, std::string>> rows;
  const std::vector<std::string> lines = ReadLines(SharedData("sst2/dev.tsv"));
  for (size_t i = 1; i < lines.size(); ++i) {  // the first is a header
    const std::vector<std::string> columns = absl::StrSplit(lines[i], '\t');
    EXPECT_EQ(columns.size(), 2U) << "line " << i + 1;
    rows.emplace_back(columns.front(), columns.back());
  }
  return rows;
}

// "1" for POSITIVE, as a verdictd of its own answers.
std::vector<std::string> ServedLabels(const std::vector<std::pair<std::string, std::string>>& rows,
                                      const std::string& precision) {
  VerdictdProcess verdictd(
      {"--model=" VERDICT_SOURCE_DIR "/models/demo", "--precision=" + precision});
  verdictd.AwaitServing();
  const auto stub = v1::Classifier::NewStub(
      grpc::CreateChannel(verdictd.grpc_address(), grpc::InsecureChannelCredentials()));
  std::vector<std::string> labels;
  for (const auto& row : rows) {
    v1::ClassifyRequest request;
    request.mutable_input()->set_text(row.first);
    v1::ClassifyResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub->Classify(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    labels.push_back(response.label() == "POSITIVE" ? "1" : "0");
  }
  return labels;
}

double PercentRight(const std::vector<std::string>& labels,
                    const std::vector<std::pair<std::string, std::string>>& rows) {
  int right = 0;
  for (size_t i = 0; i < rows.size(); ++i) right += labels[i] == rows[i].second ? 1 : 0;
  return 100.0 * right / static_cast<double>(rows.size());
}

TEST(DemoAccuracyTest, LabelsOfSst2DevAreTheTrainersTextByText) {
  const auto dev = Dev();
  if (dev.empty()) GTEST_SKIP() << "no SST-2 at " << SharedData("sst2/dev.tsv");
  const std::vector<std::string> expected = TrainersLabels();
  const std::vector<std::string> served = ServedLabels(dev, "f32");
  ASSERT_EQ(served.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(served[i], expected[i]) << "line " << i + 2;
  }
  std::printf("f32: %.2f %% right\n", PercentRight(served, dev));
  EXPECT_GE(PercentRight(served, dev), 81);
}

TEST(DemoAccuracyTest, RoundingFlipsFewLabels) {
  const auto dev = Dev();
  if (dev.empty()) GTEST_SKIP() << "no SST-2 at " << SharedData("sst2/dev.tsv");
  const std::vector<std::string> exact = ServedLabels(dev, "f32");
  for (const auto& [precision, most_percent] : {std::pair{"bf16", 0.3}, {"int8", 1.0}}) {
    const std::vector<std::string> rounded = ServedLabels(dev, precision);
    int flips = 0;
    for (size_t i = 0; i < exact.size(); ++i) flips += rounded[i] != exact[i] ? 1 : 0;
    const double percent = 100.0 * flips / static_cast<double>(exact.size());
    std::printf("%s: %d flips (%.2f %%), %.2f %% right\n", precision, flips, percent,
                PercentRight(rounded, dev));
    EXPECT_LE(percent, most_percent) << precision;
    EXPECT_GE(PercentRight(rounded, dev), PercentRight(exact, dev) - 0.5) << precision;
  }
}

}  // namespace
}  // namespace verdict
