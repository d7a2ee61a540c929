#!/usr/bin/env python3
"""Prints the Grafana dashboard: `deploy/grafana/dashboard.py >
deploy/grafana/dashboards/verdict.json`.

The JSON is what Grafana reads; this is what people change. A row of panels is a list below, and
where each panel stands is computed (panels.py).
"""
import json

from panels import (
    JOB,
    OBJECT,
    budget,
    burn,
    choice,
    heatmap,
    lines,
    panel,
    percentiles,
    place,
    pressure,
    stat,
    target,
    with_verdict,
)

TEXT_ERRORS = ("verdict_text_errors", 0.001)
SLOW_CALLS = ("verdict_slow_calls", 0.01)

ROWS = {
    "Objectives": [
        budget("Budget of errors", "texts that may fail", *TEXT_ERRORS),
        budget("Budget of slow calls", "calls that may take more than 0.3 s", *SLOW_CALLS),
        stat(
            "Failed texts",
            (
                "Texts that should have been answered and were not, alone, in batches or in"
                " streams, in the last hour: the objective is 0.1 %."
            ),
            "percentunit",
            "max(cluster_namespace_job:verdict_text_errors:ratio_rate1h{%j})",
            [("green", None), ("orange", 0.001), ("red", 0.0144)],
        ),
        stat(
            "Slow calls",
            "Calls of Classify that took more than 0.3 s, in the last hour: the objective is 1 %.",
            "percentunit",
            "max(cluster_namespace_job:verdict_slow_calls:ratio_rate1h{%j})",
            [("green", None), ("orange", 0.01), ("red", 0.144)],
        ),
        stat(
            "Ready",
            "Instances that take calls.",
            "none",
            "sum(verdict_ready{%s})",
            [("red", None), ("green", 1)],
        ),
        stat(
            "p99",
            "Of a text in the server in the last minute, on the slowest instance.",
            "s",
            'max(verdict_latency_seconds{stage="total", quantile="0.99", %s} >= 0)',
            [("green", None), ("orange", 0.3), ("red", 1)],
        ),
        burn("Burn rate of errors", "texts fail", *TEXT_ERRORS),
        burn("Burn rate of slow calls", "calls are slow", *SLOW_CALLS),
    ],
    "Traffic": [
        lines(
            "Texts",
            "Texts that ended a second, by the call that brought them.",
            "cps",
            target(
                "sum by (method) (rate(verdict_texts_total{%s}[$__rate_interval]))", "{{method}}"
            ),
        ),
        lines(
            "Texts by instance",
            "Texts answered a second.",
            "cps",
            target(
                'sum by (instance) (rate(verdict_texts_total{code="OK", %s}[$__rate_interval]))',
                "{{instance}}",
            ),
        ),
        lines(
            "Texts not answered, by code",
            (
                "Texts that did not end with OK. Canceled, InvalidArgument and Unauthenticated are"
                " the caller's doing and no errors of the objective."
            ),
            "cps",
            target(
                'sum by (code) (rate(verdict_texts_total{code!="OK", %s}[$__rate_interval])) > 0',
                "{{code}}",
            ),
        ),
        lines(
            "Calls",
            "Calls ended a second, by method. A stream is one call, however many texts it brings.",
            "cps",
            target(
                (
                    'sum by (grpc_method)'
                    ' (rate(grpc_server_handled_total{grpc_service="verdict.v1.Classifier",'
                    ' %s}[$__rate_interval])) > 0'
                ),
                "{{grpc_method}}",
            ),
        ),
        lines(
            "Codes of calls",
            (
                "Calls that did not end with OK, by code. A stream whose connection is renewed"
                " ends with Unavailable."
            ),
            "cps",
            target(
                (
                    'sum by (grpc_code)'
                    ' (rate(grpc_server_handled_total{grpc_service="verdict.v1.Classifier",'
                    ' grpc_code!="OK", %s}[$__rate_interval])) > 0'
                ),
                "{{grpc_code}}",
            ),
        ),
        lines(
            "HTTP",
            "Replies of the HTTP port a second, by route and status.",
            "cps",
            target(
                (
                    'sum by (route, code)'
                    ' (rate(verdict_http_responses_total{%s}[$__rate_interval])) > 0'
                ),
                "{{route}} {{code}}",
            ),
        ),
        lines(
            "Tokens and pace",
            (
                "Tokens computed a second, and how many the engines got through in a second of"
                " computing, by their latest batches."
            ),
            "cps",
            target("sum(rate(verdict_tokens_total{%s}[$__rate_interval]))", "computed"),
            target("sum(verdict_tokens_per_second{%s})", "pace"),
        ),
        lines(
            "Truncated texts",
            "The share of texts that were too long for the model.",
            "percentunit",
            target(
                (
                    'sum(rate(verdict_truncated_total{%s}[$__rate_interval])) /'
                    ' sum(rate(verdict_stage_duration_seconds_count{stage="tokenize",'
                    ' %s}[$__rate_interval]))'
                ),
                "truncated",
            ),
        ),
        lines(
            "Texts by caller",
            (
                "Texts that ended a second, by the name of the caller's token, where tokens have"
                " names."
            ),
            "cps",
            target(
                'sum by (caller) (rate(verdict_texts_total{caller!="", %s}[$__rate_interval]))',
                "{{caller}}",
            ),
            target(
                (
                    'sum by (caller) (rate(verdict_texts_total{caller!="", code!="OK", %s}'
                    '[$__rate_interval]))'
                ),
                "{{caller}}, not OK",
            ),
            width=16,
        ),
        heatmap(
            "Texts of a batch",
            "How many texts the engine computed together.",
            "none",
            "sum by (le) (increase(verdict_batch_texts_bucket{%s}[$__rate_interval]))",
            8,
        ),
    ],
    "Latency": [
        heatmap(
            "Classify",
            "How long calls of Classify took in the server.",
            "s",
            (
                'sum by (le) (increase(grpc_server_handling_seconds_bucket{grpc_method="Classify",'
                ' %s}[$__rate_interval]))'
            ),
            12,
        ),
        lines(
            "A text in the server, by instance",
            "The whole way of a text, p99 of the last minute of each instance.",
            "s",
            target('verdict_latency_seconds{stage="total", quantile="0.99", %s}', "{{instance}}"),
            width=12,
        ),
        percentiles("tokenize", "From text to tokens, on gRPC's thread."),
        percentiles("queue", "Waiting for the engine. Grows first when there is too much work."),
        percentiles("inference", "The batch that a text was in."),
    ],
    "Saturation": [
        lines(
            "Engine busy",
            (
                "The share of the time in which an engine computes. Autoscaling keeps the mean at"
                " 60 %; above 70 % waiting grows faster than load."
            ),
            "percentunit",
            target("rate(verdict_engine_busy_seconds_total{%s}[$__rate_interval])", "{{instance}}"),
            defaults={"max": 1},
            steps=[("transparent", None), ("orange", 0.6)],
        ),
        lines(
            "Queue", "Tokens that wait.", "none", target("verdict_queue_tokens{%s}", "{{instance}}")
        ),
        lines(
            "Limits",
            (
                "The share that is taken of what an instance may have: tokens in its queue"
                " (--max-queue-tokens), texts and bytes in flight (--max-texts-in-flight,"
                " --max-bytes-in-flight). Of the fullest instance."
            ),
            "percentunit",
            target("max(verdict_queue_tokens{%s} / verdict_queue_tokens_limit{%s})", "queue"),
            target("max(verdict_in_flight_texts{%s} / verdict_in_flight_texts_limit{%s})", "texts"),
            target("max(verdict_in_flight_bytes{%s} / verdict_in_flight_bytes_limit{%s})", "bytes"),
        ),
        lines(
            "Oldest text",
            "How long the text at the front of the queue has waited.",
            "s",
            target("verdict_queue_oldest_seconds{%s}", "{{instance}}"),
        ),
        lines(
            "Refused texts",
            "Texts refused at once, by the reason.",
            "cps",
            target(
                "sum by (reason) (rate(verdict_shed_total{%s}[$__rate_interval]))", "{{reason}}"
            ),
        ),
        lines(
            "Expired texts",
            (
                "Texts whose deadline passed, by the stage in which it did. Those of tokenize and"
                " queue were never computed; those of inference were, and nobody got the label."
            ),
            "cps",
            target(
                "sum by (stage) (rate(verdict_expired_total{%s}[$__rate_interval]))", "{{stage}}"
            ),
        ),
        heatmap(
            "Tokens of a batch",
            "How many tokens the engine computed together.",
            "none",
            "sum by (le) (increase(verdict_batch_tokens_bucket{%s}[$__rate_interval]))",
            8,
        ),
        lines(
            "Connections",
            "gRPC connections that are open, and those refused a second as too many were.",
            "none",
            target("sum(verdict_grpc_connections{%s})", "open"),
            target(
                "sum(rate(verdict_grpc_connections_refused_total{%s}[$__rate_interval]))",
                "refused a second",
            ),
        ),
        lines(
            "Descriptors",
            "The share of the file descriptors that the process may open.",
            "percentunit",
            target("process_open_fds{%s} / process_max_fds{%s}", "{{instance}}"),
        ),
    ],
    "Pods": [
        lines(
            "Replicas",
            (
                "Pods that Deployments should have, those that are ready, and what an autoscaler"
                " may make of them. From kube-state-metrics."
            ),
            "none",
            target(
                f"kube_deployment_spec_replicas{{{OBJECT.format('deployment')}}}",
                "wanted {{deployment}}",
            ),
            target(
                f"kube_deployment_status_replicas_ready{{{OBJECT.format('deployment')}}}",
                "ready {{deployment}}",
            ),
            target(
                (
                    "kube_horizontalpodautoscaler_spec_max_replicas{"
                    + OBJECT.format("horizontalpodautoscaler")
                    + "}"
                ),
                "most {{horizontalpodautoscaler}}",
            ),
        ),
        lines(
            "CPU",
            "Cores in use.",
            "none",
            target("rate(process_cpu_seconds_total{%s}[$__rate_interval])", "{{instance}}"),
        ),
        lines(
            "CPU throttling",
            (
                "The share of the scheduler's periods in which a container had used up its CPU"
                " limit. From the kubelet's cAdvisor."
            ),
            "percentunit",
            target(
                with_verdict(
                    "sum by (cluster, namespace, pod)"
                    " (rate(container_cpu_cfs_throttled_periods_total{%p}[$__rate_interval]))"
                    " / sum by (cluster, namespace, pod)"
                    " (rate(container_cpu_cfs_periods_total{%p}[$__rate_interval]))"
                ),
                "{{pod}}",
            ),
        ),
        lines(
            "Resident memory",
            "Of the process.",
            "bytes",
            target("process_resident_memory_bytes{%s}", "{{instance}}"),
        ),
        lines(
            "Memory against its limit",
            (
                "The share of a container's memory limit that is in use. From the kubelet's"
                " cAdvisor, and the limit from kube-state-metrics."
            ),
            "percentunit",
            target(
                with_verdict(
                    "max by (cluster, namespace, pod) (container_memory_working_set_bytes{%p})"
                    " / max by (cluster, namespace, pod)"
                    " (kube_pod_container_resource_limits{resource=\"memory\", %p})"
                ),
                "{{pod}}",
            ),
            defaults={"max": 1},
            steps=[("transparent", None), ("orange", 0.9)],
        ),
        lines(
            "Pressure",
            (
                "The share of the time in which a thread of the container waited for CPU, memory or"
                " disk (PSI). From the kubelet of Kubernetes 1.34 and later."
            ),
            "percentunit",
            *map(pressure, ("cpu", "memory", "io")),
        ),
        lines("Threads", "Of the process.", "none", target("process_threads{%s}", "{{instance}}")),
        lines(
            "Up since",
            "The age of the process: a fall is a restart.",
            "s",
            target("time() - process_start_time_seconds{%s}", "{{instance}}"),
        ),
        lines(
            "Certificate",
            "Until the TLS certificate expires. Empty without TLS.",
            "s",
            target("verdict_tls_certificate_expiry_timestamp_seconds{%s} - time()", "{{instance}}"),
            defaults={"min": None},
        ),
        panel(
            "table",
            "Models",
            "What each instance serves, and how.",
            "none",
            [
                target(
                    (
                        'verdict_model_info{%s} * on (cluster, namespace, job, instance) group_left'
                        ' (version) verdict_build_info'
                    ),
                    "",
                    format="table",
                    instant=True,
                )
            ],
            width=24,
            height=6,
        ),
    ],
}

DASHBOARD = {
    "uid": "verdict",
    "title": "Verdict",
    "description": "Text classification: objectives, traffic, latency, saturation, pods.",
    "tags": ["verdict"],
    "schemaVersion": 39,
    "version": 1,
    "editable": False,
    "graphTooltip": 1,
    "refresh": "10s",
    "time": {"from": "now-30m", "to": "now"},
    "timezone": "",
    "annotations": {"list": []},
    "links": [],
    "templating": {
        "list": [
            {
                "name": "datasource",
                "label": "Data source",
                "type": "datasource",
                "query": "prometheus",
                "refresh": 1,
                "current": {},
            },
            choice("cluster", "Cluster", "label_values(verdict_build_info, cluster)"),
            choice(
                "namespace",
                "Namespace",
                'label_values(verdict_build_info{cluster=~"$cluster"}, namespace)',
            ),
            choice(
                "job",
                "Job",
                (
                    'label_values(verdict_build_info{cluster=~"$cluster",'
                    ' namespace=~"$namespace"}, job)'
                ),
            ),
            choice("pod", "Pod", f"label_values(verdict_build_info{{{JOB}}}, pod)"),
        ]
    },
    "panels": place(ROWS),
}

if __name__ == "__main__":
    print(json.dumps(DASHBOARD, indent=2))
