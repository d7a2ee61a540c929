// What verdictd answers is what the demo model's trainer counted, text by text.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/engine/shared_data.h"
#include "tests/server/verdictd_process.h"
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

TEST(DemoAccuracyTest, LabelsOfSst2DevAreTheTrainersTextByText) {
  const std::vector<std::string> dev = ReadLines(SharedData("sst2/dev.tsv"));
  if (dev.empty()) GTEST_SKIP() << "no SST-2 at " << SharedData("sst2/dev.tsv");
  const std::vector<std::string> expected = TrainersLabels();
  ASSERT_EQ(dev.size(), expected.size() + 1) << "dev.tsv begins with a header";

  VerdictdProcess verdictd({"--model=" VERDICT_SOURCE_DIR "/models/demo"});
  verdictd.AwaitServing();
  const auto stub = v1::Classifier::NewStub(
      grpc::CreateChannel(verdictd.grpc_address(), grpc::InsecureChannelCredentials()));
  int right = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::vector<std::string> columns = absl::StrSplit(dev[i + 1], '\t');
    ASSERT_EQ(columns.size(), 2U) << "line " << i + 2;
    v1::ClassifyRequest request;
    request.mutable_input()->set_text(columns[0]);
    v1::ClassifyResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub->Classify(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    const std::string label = response.label() == "POSITIVE" ? "1" : "0";
    EXPECT_EQ(label, expected[i]) << "line " << i + 2;
    if (label == columns[1]) ++right;
  }
  const double accuracy = 100.0 * right / static_cast<double>(expected.size());
  std::printf("%d of %zu right: %.1f %%\n", right, expected.size(), accuracy);
  EXPECT_GE(accuracy, 81);
}

}  // namespace
}  // namespace verdict
