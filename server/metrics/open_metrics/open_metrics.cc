#include "server/metrics/open_metrics/open_metrics.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace verdict {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// The shortest digits that give the number back.
std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

// Of the labels `le` and `quantile`, which are compared as text: with a point, or an exponent.
std::string CanonicalNumber(double value) {
  std::string number = Number(value);
  if (std::isfinite(value) && number.find_first_of(".e") == std::string::npos) number += ".0";
  return number;
}

const char* TypeName(MetricType type) {
  switch (type) {
    case MetricType::Counter:
      return "counter";
    case MetricType::Gauge:
      return "gauge";
    case MetricType::Summary:
      return "summary";
    case MetricType::Histogram:
      return "histogram";
    default:
      return "unknown";
  }
}

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
}

// Writes the series of one family.
class Writer {
 public:
  Writer(const MetricFamily& family, std::string* page)
      : name_(family.type == MetricType::Counter ? absl::StripSuffix(family.name, "_total")
                                                 : family.name),
        page_(page) {
    absl::StrAppend(page_, "# TYPE ", name_, " ", TypeName(family.type), "\n# HELP ", name_, " ",
                    Escaped(family.help), "\n");
  }

  // Without its end of line.
  void Sample(absl::string_view suffix, const ClientMetric& metric, double value,
              absl::string_view last_label = "", const std::string& last_value = "") {
    absl::StrAppend(page_, name_, suffix);
    const char* between = "{";
    for (const ClientMetric::Label& label : metric.label) {
      absl::StrAppend(page_, between, label.name, "=\"", Escaped(label.value), "\"");
      between = ",";
    }
    if (!last_label.empty()) {
      absl::StrAppend(page_, between, last_label, "=\"", last_value, "\"");
      between = ",";
    }
    absl::StrAppend(page_, *between == ',' ? "} " : " ", Number(value));
  }

  void EndLine() { *page_ += '\n'; }

  void Line(absl::string_view suffix, const ClientMetric& metric, double value) {
    Sample(suffix, metric, value);
    EndLine();
  }

  void Summary(const ClientMetric& metric) {
    for (const ClientMetric::Quantile& quantile : metric.summary.quantile) {
      Sample("", metric, quantile.value, "quantile", CanonicalNumber(quantile.quantile));
      EndLine();
    }
    Line("_count", metric, static_cast<double>(metric.summary.sample_count));
    Line("_sum", metric, metric.summary.sample_sum);
  }

  void Histogram(const ClientMetric& metric, const Exemplars* exemplars) {
    const std::vector<std::optional<Exemplar>> latest =
        exemplars == nullptr ? std::vector<std::optional<Exemplar>>() : exemplars->Latest();
    for (size_t i = 0; i < metric.histogram.bucket.size(); ++i) {
      const ClientMetric::Bucket& bucket = metric.histogram.bucket[i];
      Sample("_bucket", metric, static_cast<double>(bucket.cumulative_count), "le",
             CanonicalNumber(bucket.upper_bound));
      if (i < latest.size() && latest[i].has_value()) Beside(*latest[i]);
      EndLine();
    }
    Line("_count", metric, static_cast<double>(metric.histogram.sample_count));
    Line("_sum", metric, metric.histogram.sample_sum);
  }

 private:
  void Beside(const Exemplar& exemplar) {
    absl::StrAppend(
        page_, " # {trace_id=\"", exemplar.trace_id, "\"} ", Number(exemplar.value),
        absl::StrFormat(" %.3f", absl::ToDoubleSeconds(exemplar.time - absl::UnixEpoch())));
  }

  const absl::string_view name_;
  std::string* const page_;
};

}  // namespace

std::string OpenMetricsPage(const std::vector<MetricFamily>& families, ExemplarsOf exemplars_of) {
  std::string page;
  for (const MetricFamily& family : families) {
    Writer writer(family, &page);
    for (const ClientMetric& metric : family.metric) {
      switch (family.type) {
        case MetricType::Counter:
          writer.Line("_total", metric, metric.counter.value);
          break;
        case MetricType::Gauge:
          writer.Line("", metric, metric.gauge.value);
          break;
        case MetricType::Summary:
          writer.Summary(metric);
          break;
        case MetricType::Histogram:
          writer.Histogram(metric, exemplars_of(family, metric));
          break;
        default:
          writer.Line("", metric, metric.untyped.value);
      }
    }
  }
  page += "# EOF\n";
  return page;
}

}  // namespace verdict
