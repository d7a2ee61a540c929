#include "server/tracing/tracing.h"

#include <utility>

namespace verdict {

Tracing::Tracing(const TracingOptions& options, SpanResource resource, Metrics* metrics)
    : exporter_(
          options.collector.has_value()
              ? std::make_unique<SpanExporter>(*options.collector, std::move(resource), metrics)
              : nullptr),
      tracer_(options.ratio, exporter_.get()),
      journal_(options.slow_call) {}

void Tracing::Flush(absl::Duration most) {
  if (exporter_ != nullptr) exporter_->Flush(most);
}

}  // namespace verdict
