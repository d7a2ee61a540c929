#include "server/metrics/process_metrics.h"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;

std::map<std::string, double> ByName(const ProcessMetrics& metrics) {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : metrics.Collect()) {
    EXPECT_EQ(family.metric.size(), 1u);
    values[family.name] = family.type == prometheus::MetricType::Counter
                              ? family.metric[0].counter.value
                              : family.metric[0].gauge.value;
  }
  return values;
}

// A proc file system of our own. Values in ticks and pages are checked against this machine's
// units.
class ProcessMetricsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(proc_ + "/self/fd");
    for (const char* fd : {"0", "1", "2", "7"}) Write(std::string("self/fd/") + fd, "");
    Write("stat", "cpu  1 2 3\nbtime 1700000000\nprocesses 9\n");
    // The name tries to look like further fields.
    Write("self/stat",
          "42 (ver) 1 (dict) S 1 42 42 0 -1 4194304 99 0 0 0 300 200 0 0 20 0 17 0 5000 "
          "1048576 250 18446744073709551615 0 0\n");
    Write("self/status", "Name:\tverdictd\nRssAnon:\t    2048 kB\nRssFile:\t      64 kB\n");
    Write("self/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max open files            1024                 4096                 files     \n"
          "Max address space         unlimited            unlimited            bytes     \n");
  }
  void TearDown() override { std::filesystem::remove_all(proc_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(proc_ + "/" + name) << text;
  }

  const std::string proc_ =
      absl::StrCat(::testing::TempDir(), "/proc.", getpid(), ".",
                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const double tick_seconds_ = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
};

TEST_F(ProcessMetricsTest, ReadsTheNine) {
  const auto values = ByName(ProcessMetrics(proc_));
  EXPECT_EQ(values.size(), 9u);
  EXPECT_DOUBLE_EQ(values.at("process_cpu_seconds_total"), 500 * tick_seconds_);
  EXPECT_EQ(values.at("process_open_fds"), 4);
  EXPECT_EQ(values.at("process_max_fds"), 1024);
  EXPECT_EQ(values.at("process_virtual_memory_bytes"), 1048576);
  EXPECT_EQ(values.at("process_virtual_memory_max_bytes"), 18446744073709551615.0);
  EXPECT_EQ(values.at("process_resident_memory_bytes"), 250.0 * sysconf(_SC_PAGESIZE));
  EXPECT_EQ(values.at("process_heap_bytes"), 2048 * 1024);
  EXPECT_DOUBLE_EQ(values.at("process_start_time_seconds"), 1700000000 + 5000 * tick_seconds_);
  EXPECT_EQ(values.at("process_threads"), 17);
}

TEST_F(ProcessMetricsTest, LeavesOutWhatTheSystemDoesNotTell) {
  Write("self/status", "Name:\tverdictd\n");
  Write("self/limits", "");
  Write("self/stat", "garbage");
  EXPECT_THAT(ByName(ProcessMetrics(proc_)), ElementsAre(Key("process_open_fds")));
}

TEST_F(ProcessMetricsTest, WithoutProcThereIsNothing) {
  EXPECT_THAT(ByName(ProcessMetrics(proc_ + "/absent")), IsEmpty());
}

TEST_F(ProcessMetricsTest, OwnProcessIsPlausible) {
  const auto values = ByName(ProcessMetrics());
  EXPECT_GE(values.at("process_threads"), 1);
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GE(values.at("process_max_fds"), values.at("process_open_fds"));
  EXPECT_GE(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_GT(values.at("process_resident_memory_bytes"), 100e3);
  EXPECT_LT(values.at("process_start_time_seconds"), time(nullptr) + 2);
  EXPECT_GT(values.at("process_start_time_seconds"), time(nullptr) - 600);
}

}  // namespace
}  // namespace verdict
