#include "server/tracing/export/otlp.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

using Json = nlohmann::ordered_json;

// Protobuf's JSON has numbers of 64 bits as strings.
Json Attribute(const std::string& name, int64_t value) {
  return {{"key", name}, {"value", {{"intValue", absl::StrCat(value)}}}};
}

Json Attribute(const std::string& name, const std::string& value) {
  return {{"key", name}, {"value", {{"stringValue", value}}}};
}

std::string UnixNano(absl::Time date) { return absl::StrCat(absl::ToUnixNanos(date)); }

Json ToJson(const Span& span, const ClockPair& clocks) {
  constexpr int kError = 2;  // STATUS_CODE_ERROR
  Json json = {{"traceId", Hex(span.context.trace)},
               {"spanId", Hex(span.context.span)},
               {"name", span.name},
               {"kind", static_cast<int>(span.kind)},
               {"startTimeUnixNano", UnixNano(clocks.DateOf(span.start))},
               {"endTimeUnixNano", UnixNano(clocks.DateOf(span.end))}};
  if (span.parent != 0) json["parentSpanId"] = Hex(span.parent);
  if (!span.tracestate.empty()) json["traceState"] = span.tracestate;
  for (const SpanAttribute& attribute : span.attributes) {
    json["attributes"].push_back(std::visit(
        [&](const auto& value) { return Attribute(attribute.name, value); }, attribute.value));
  }
  for (const SpanContext& link : span.links) {
    json["links"].push_back({{"traceId", Hex(link.trace)}, {"spanId", Hex(link.span)}});
  }
  if (span.failed) json["status"] = {{"code", kError}};
  return json;
}

}  // namespace

std::string OtlpRequest(const SpanResource& resource, absl::Span<const Span> spans,
                        const ClockPair& clocks) {
  Json attributes = Json::array();
  for (const auto& [name, value] : resource) attributes.push_back(Attribute(name, value));
  Json all = Json::array();
  for (const Span& span : spans) all.push_back(ToJson(span, clocks));
  Json of_scope = {{"scope", {{"name", "verdictd"}}}, {"spans", std::move(all)}};
  Json of_resource = {{"resource", {{"attributes", std::move(attributes)}}},
                      {"scopeSpans", Json::array({std::move(of_scope)})}};
  const Json request = {{"resourceSpans", Json::array({std::move(of_resource)})}};
  // A model's name may be any bytes.
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

size_t OtlpRejected(absl::string_view response) {
  const Json json = Json::parse(response.begin(), response.end(), nullptr, false);
  if (!json.is_object() || !json.contains("partialSuccess")) return 0;
  const Json& partial = json["partialSuccess"];
  if (!partial.is_object() || !partial.contains("rejectedSpans")) return 0;
  const Json& rejected = partial["rejectedSpans"];
  if (rejected.is_number_unsigned()) return rejected.get<size_t>();
  size_t count = 0;
  if (!rejected.is_string() || !absl::SimpleAtoi(rejected.get<std::string>(), &count)) return 0;
  return count;
}

}  // namespace verdict
