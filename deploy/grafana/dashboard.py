#!/usr/bin/env python3
"""Prints the Grafana dashboard:
`deploy/grafana/dashboard.py > deploy/grafana/dashboards/verdict.json`.

The JSON is what Grafana reads; this is what people change. A row of panels is a list below, and
where each panel stands is computed.
"""
import json

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
OF = 'namespace=~"$namespace", job=~"$job", pod=~"$pod"'


def target(expression, legend, **more):
    """A query; %s stands for the labels that the variables choose."""
    return {"expr": expression.replace("%s", OF), "legendFormat": legend, "datasource": DATASOURCE, **more}


def panel(kind, title, description, unit, targets, width=8, height=8, defaults=None, **options):
    targets = [{**one, "refId": chr(ord("A") + i)} for i, one in enumerate(targets)]
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE, "targets": targets,
            "gridPos": {"w": width, "h": height}, "options": options,
            "fieldConfig": {"defaults": {"unit": unit, **(defaults or {})}, "overrides": []}}


def lines(title, description, unit, *targets, **more):
    custom = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never"}
    return panel("timeseries", title, description, unit, targets,
                 defaults={"custom": custom, "min": 0, **more.pop("defaults", {})},
                 legend={"displayMode": "list", "placement": "bottom"}, tooltip={"mode": "multi", "sort": "desc"}, **more)


def stat(title, description, unit, expression, steps=None, **more):
    steps = [{"color": color, "value": value} for color, value in steps or [("blue", None)]]
    thresholds = {"mode": "absolute", "steps": steps}
    return panel("stat", title, description, unit, [target(expression, "")], width=4, height=4,
                 defaults={"thresholds": thresholds, **more}, graphMode="area", colorMode="value",
                 reduceOptions={"calcs": ["lastNotNull"]})


def heatmap(title, description, unit, expression, width):
    return panel("heatmap", title, description, unit, [target(expression, "{{le}}", format="heatmap")], width=width,
                 calculate=False, cellGap=0, color={"mode": "scheme", "scheme": "Blues", "steps": 64}, yAxis={"unit": unit})


def percentiles(stage, description):
    """Of one stage, of all instances that are chosen together."""
    expression = ('histogram_quantile({q}, sum by (le) '
                  '(rate(verdict_stage_duration_seconds_bucket{{stage="{stage}", %s}}[$__rate_interval])))')
    quantiles = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
    return lines(f"Stage: {stage}", description, "s",
                 *(target(expression.format(q=q, stage=stage), name) for name, q in quantiles.items()))


ROWS = {
    "Now": [
        stat("Ready", "Instances that take calls.", "none", 'sum(verdict_ready{%s})', [("red", None), ("green", 1)]),
        stat("Texts", "Texts answered, whichever call brought them.", "cps",
             'sum(rate(verdict_latency_seconds_count{stage="total", %s}[$__rate_interval]))'),
        stat("Tokens", "Tokens computed.", "cps", 'sum(rate(verdict_tokens_total{%s}[$__rate_interval]))'),
        stat("p99", "Of a text in the server in the last minute, on the slowest instance.", "s",
             'max(verdict_latency_seconds{stage="total", quantile="0.99", %s} >= 0)',
             [("green", None), ("orange", 0.3), ("red", 1)]),
        stat("Failed calls", "Classify and ClassifyBatch that should have been answered and were not: the objective is 0.1 %.",
             "percentunit",
             'sum(rate(grpc_server_handled_total{grpc_method=~"Classify|ClassifyBatch", '
             'grpc_code!~"OK|Canceled|InvalidArgument|Unimplemented|Unauthenticated|PermissionDenied", %s}[$__rate_interval]))'
             ' / sum(rate(grpc_server_handled_total{grpc_method=~"Classify|ClassifyBatch", '
             'grpc_code!~"Canceled|InvalidArgument|Unimplemented|Unauthenticated|PermissionDenied", %s}[$__rate_interval]))',
             [("green", None), ("orange", 0.001), ("red", 0.01)]),
        stat("Engine busy", "The share of the time in which engines compute. Above 70 % waiting grows faster than load.",
             "percentunit", 'avg(rate(verdict_engine_busy_seconds_total{%s}[$__rate_interval]))',
             [("green", None), ("orange", 0.7), ("red", 0.9)], min=0, max=1),
    ],
    "Latency": [
        heatmap("Classify", "How long calls of Classify took in the server.", "s",
                'sum by (le) (increase('
                'grpc_server_handling_seconds_bucket{grpc_method="Classify", %s}[$__rate_interval]))', 12),
        lines("A text in the server, by instance", "The whole way of a text, p99 of the last minute of each instance.", "s",
              target('verdict_latency_seconds{stage="total", quantile="0.99", %s}', "{{instance}}"), width=12),
        percentiles("tokenize", "From text to tokens, on gRPC's thread."),
        percentiles("queue", "Waiting for the engine. Grows first when there is too much work."),
        percentiles("inference", "The batch that a text was in."),
    ],
    "Throughput": [
        lines("Texts by instance", "Texts answered a second.", "cps",
              target('rate(verdict_latency_seconds_count{stage="total", %s}[$__rate_interval])', "{{instance}}")),
        lines("Tokens and pace", "Tokens computed a second, and how many the engines could compute.", "cps",
              target('sum(rate(verdict_tokens_total{%s}[$__rate_interval]))', "computed"),
              target('sum(verdict_tokens_per_second{%s})', "pace")),
        lines("Calls", "Calls ended a second, by method.", "cps",
              target('sum by (grpc_method) (rate(grpc_server_handled_total{grpc_service="verdict.v1.Classifier", '
                     '%s}[$__rate_interval])) > 0', "{{grpc_method}}")),
        lines("Codes", "Calls that did not end with OK, by code.", "cps",
              target('sum by (grpc_code) (rate(grpc_server_handled_total{grpc_service="verdict.v1.Classifier", '
                     'grpc_code!="OK", %s}[$__rate_interval])) > 0', "{{grpc_code}}")),
        heatmap("Texts of a batch", "How many texts the engine computed together.", "none",
                'sum by (le) (increase(verdict_batch_texts_bucket{%s}[$__rate_interval]))', 8),
        heatmap("Tokens of a batch", "How many tokens the engine computed together.", "none",
                'sum by (le) (increase(verdict_batch_tokens_bucket{%s}[$__rate_interval]))', 8),
    ],
    "Queue and refusals": [
        lines("Queue", "Tokens that wait, and the limit of one instance.", "none",
              target('verdict_queue_tokens{%s}', "{{instance}}"),
              target('min(verdict_queue_tokens_limit{%s})', "limit")),
        lines("Oldest text", "How long the text at the front of the queue has waited.", "s",
              target('verdict_queue_oldest_seconds{%s}', "{{instance}}")),
        lines("In flight", "The share of --max-texts-in-flight and of --max-bytes-in-flight that is taken.", "percentunit",
              target('max(verdict_in_flight_texts{%s} / verdict_in_flight_texts_limit{%s})', "texts"),
              target('max(verdict_in_flight_bytes{%s} / verdict_in_flight_bytes_limit{%s})', "bytes")),
        lines("Refused texts", "Texts refused at once, by the reason.", "cps",
              target('sum by (reason) (rate(verdict_shed_total{%s}[$__rate_interval]))', "{{reason}}")),
        lines("Expired texts", "Texts whose deadline passed while they waited; none of them was computed.", "cps",
              target('sum by (stage) (rate(verdict_expired_total{%s}[$__rate_interval]))', "{{stage}}")),
        lines("Truncated texts", "The share of texts that were too long for the model.", "percentunit",
              target('sum(rate(verdict_truncated_total{%s}[$__rate_interval])) / '
                     'sum(rate(verdict_stage_duration_seconds_count{stage="tokenize", %s}[$__rate_interval]))', "truncated")),
    ],
    "Process": [
        lines("CPU", "Cores in use.", "none",
              target('rate(process_cpu_seconds_total{%s}[$__rate_interval])', "{{instance}}")),
        lines("Memory", "Resident memory.", "bytes", target('process_resident_memory_bytes{%s}', "{{instance}}")),
        lines("Descriptors", "The share of the file descriptors that the process may open.", "percentunit",
              target('process_open_fds{%s} / process_max_fds{%s}', "{{instance}}")),
        lines("Threads", "Of the process.", "none", target('process_threads{%s}', "{{instance}}")),
        lines("Up since", "The age of the process: a fall is a restart.", "s",
              target('time() - process_start_time_seconds{%s}', "{{instance}}")),
        lines("Certificate", "Until the TLS certificate expires. Empty without TLS.", "s",
              target('verdict_tls_certificate_expiry_seconds{%s} - time()', "{{instance}}"), defaults={"min": None}),
        panel("table", "Models", "What each instance serves, and how.", "none",
              [target('verdict_model_info{%s} * on (namespace, job, instance) group_left (version) verdict_build_info', "",
                      format="table", instant=True)], width=24, height=6),
    ],
}


def place(rows):
    """Panels with ids and places: rows below each other, panels side by side."""
    panels, y = [], 0
    for title, row in rows.items():
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, height = 0, y + 1, 0
        for one in row:
            if x + one["gridPos"]["w"] > WIDTH:
                x, y, height = 0, y + height, 0
            one["gridPos"] |= {"x": x, "y": y}
            x, height = x + one["gridPos"]["w"], max(height, one["gridPos"]["h"])
            panels.append(one)
        y += height
    return [{"id": i + 1, **one} for i, one in enumerate(panels)]


def choice(name, label, query):
    """A variable of many values; All is also where the label is absent."""
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "refresh": 2, "sort": 1, "multi": True,
            "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
            "query": {"query": query, "refId": name}, "definition": query}


DASHBOARD = {
    "uid": "verdict", "title": "Verdict", "description": "Text classification: latency by stage, load, refusals, processes.",
    "tags": ["verdict"], "schemaVersion": 39, "version": 1, "editable": False, "graphTooltip": 1, "refresh": "10s",
    "time": {"from": "now-30m", "to": "now"}, "timezone": "", "annotations": {"list": []}, "links": [],
    "templating": {"list": [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1,
         "current": {}},
        choice("namespace", "Namespace", "label_values(verdict_build_info, namespace)"),
        choice("job", "Job", 'label_values(verdict_build_info{namespace=~"$namespace"}, job)'),
        choice("pod", "Pod", 'label_values(verdict_build_info{namespace=~"$namespace", job=~"$job"}, pod)'),
    ]},
    "panels": place(ROWS),
}

if __name__ == "__main__":
    print(json.dumps(DASHBOARD, indent=2))
