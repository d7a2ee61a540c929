#include "server/metrics/process_metrics.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace verdict {
namespace {

using Fields = std::vector<std::string>;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// The words after `key` on the first line that begins with it; none if there is no such line.
Fields WordsAfter(absl::string_view text, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, key)) {
      return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    }
  }
  return {};
}

std::optional<double> NumberAt(const Fields& fields, size_t index) {
  double number = 0;
  if (index >= fields.size() || !absl::SimpleAtod(fields[index], &number)) return std::nullopt;
  return number;
}

// The fields of <proc>/self/stat from the third on, so that they can be counted: the second is the
// name of the program in parentheses, which may hold blanks and parentheses itself.
Fields StatAfterName(const std::string& proc) {
  const std::string stat = ReadFile(proc + "/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(stat.substr(name_end + 1), absl::ByAnyChar(" \n"), absl::SkipEmpty());
}

// proc(5) numbers the fields of stat from 1.
std::optional<double> StatField(const Fields& after_name, int number) {
  constexpr int kFirstAfterName = 3;
  return NumberAt(after_name, number - kFirstAfterName);
}

// "unlimited" is the largest number, as the other client libraries report it.
std::optional<double> SoftLimit(const std::string& limits, absl::string_view key) {
  const Fields fields = WordsAfter(limits, key);
  if (!fields.empty() && fields[0] == "unlimited") return 18446744073709551615.0;
  return NumberAt(fields, 0);
}

// One of them is the scrape's own look into the folder.
std::optional<double> CountOpenFiles(const std::string& proc) {
  std::error_code error;
  double count = 0;
  std::filesystem::directory_iterator entry(proc + "/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

class Families {
 public:
  void Add(const char* name, const char* help, prometheus::MetricType type,
           std::optional<double> value, double unit = 1) {
    if (!value.has_value()) return;
    prometheus::ClientMetric metric;
    metric.counter.value = metric.gauge.value = *value * unit;
    families_.push_back({name, help, type, {std::move(metric)}});
  }

  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace

ProcessMetrics::ProcessMetrics(std::string proc) : proc_(std::move(proc)) {}

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  using prometheus::MetricType;
  const double seconds_per_tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  const Fields stat = StatAfterName(proc_);
  const std::string limits = ReadFile(proc_ + "/self/limits");
  const auto user_ticks = StatField(stat, 14);
  const auto system_ticks = StatField(stat, 15);
  const auto start_ticks = StatField(stat, 22);
  const auto boot_seconds = NumberAt(WordsAfter(ReadFile(proc_ + "/stat"), "btime"), 0);
  // The resident anonymous memory: heap and stacks, whichever allocator is linked in. VmData would
  // count every thread's whole 8 MB of stack, and mallinfo2 knows only glibc's own allocator.
  const auto heap_kilobytes = NumberAt(WordsAfter(ReadFile(proc_ + "/self/status"), "RssAnon:"), 0);

  std::optional<double> cpu_ticks;
  if (user_ticks && system_ticks) cpu_ticks = *user_ticks + *system_ticks;
  std::optional<double> start_seconds;
  if (start_ticks && boot_seconds) start_seconds = *boot_seconds + *start_ticks * seconds_per_tick;

  Families families;
  families.Add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
               MetricType::Counter, cpu_ticks, seconds_per_tick);
  families.Add("process_open_fds", "Number of open file descriptors.", MetricType::Gauge,
               CountOpenFiles(proc_));
  families.Add("process_max_fds", "Maximum number of open file descriptors.", MetricType::Gauge,
               SoftLimit(limits, "Max open files"));
  families.Add("process_virtual_memory_bytes", "Virtual memory size in bytes.", MetricType::Gauge,
               StatField(stat, 23));
  families.Add("process_virtual_memory_max_bytes",
               "Maximum amount of virtual memory available in bytes.", MetricType::Gauge,
               SoftLimit(limits, "Max address space"));
  families.Add("process_resident_memory_bytes", "Resident memory size in bytes.", MetricType::Gauge,
               StatField(stat, 24), page_bytes);
  families.Add("process_heap_bytes",
               "Process heap size in bytes: resident memory that is backed by no file.",
               MetricType::Gauge, heap_kilobytes, 1024);
  families.Add("process_start_time_seconds",
               "Start time of the process since unix epoch in seconds.", MetricType::Gauge,
               start_seconds);
  families.Add("process_threads", "Number of OS threads in the process.", MetricType::Gauge,
               StatField(stat, 20));
  return families.Take();
}

}  // namespace verdict
