"""What the dashboard is made of: queries, kinds of panels, and where panels stand."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
# What the variables choose: instances; jobs, for what rules.yml records; pods and Deployments, as
# the kubelet's cAdvisor and kube-state-metrics name them.
JOB = 'cluster=~"$cluster", namespace=~"$namespace", job=~"$job"'
OF = JOB + ', pod=~"$pod"'
POD = 'cluster=~"$cluster", namespace=~"$namespace", pod=~"$pod", container="verdictd"'
OBJECT = 'cluster=~"$cluster", namespace=~"$namespace", {}=~"(.+-)?verdict(-.+)?"'


def target(expression, legend, **more):
    """A query; %s stands for the labels that the variables choose, %j for those of a job, %p for
    those of a container.
    """
    return {
        "expr": expression.replace("%s", OF).replace("%j", JOB).replace("%p", POD),
        "legendFormat": legend,
        "datasource": DATASOURCE,
        **more,
    }


def panel(kind, title, description, unit, targets, width=8, height=8, defaults=None, **options):
    targets = [{**one, "refId": chr(ord("A") + i)} for i, one in enumerate(targets)]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets,
        "gridPos": {"w": width, "h": height},
        "options": options,
        "fieldConfig": {"defaults": {"unit": unit, **(defaults or {})}, "overrides": []},
    }


def thresholds(steps):
    return {
        "mode": "absolute",
        "steps": [{"color": color, "value": value} for color, value in steps],
    }


def lines(title, description, unit, *targets, steps=None, **more):
    custom = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never"}
    defaults = {"custom": custom, "min": 0, **more.pop("defaults", {})}
    if steps is not None:
        custom["thresholdsStyle"] = {"mode": "line"}
        defaults["thresholds"] = thresholds(steps)
    return panel(
        "timeseries",
        title,
        description,
        unit,
        targets,
        defaults=defaults,
        legend={"displayMode": "list", "placement": "bottom"},
        tooltip={"mode": "multi", "sort": "desc"},
        **more,
    )


def stat(title, description, unit, expression, steps=None, **more):
    return panel(
        "stat",
        title,
        description,
        unit,
        [target(expression, "")],
        width=4,
        height=4,
        defaults={"thresholds": thresholds(steps or [("blue", None)]), **more},
        graphMode="area",
        colorMode="value",
        reduceOptions={"calcs": ["lastNotNull"]},
    )


def heatmap(title, description, unit, expression, width):
    return panel(
        "heatmap",
        title,
        description,
        unit,
        [target(expression, "{{le}}", format="heatmap", exemplar=True)],
        width=width,
        calculate=False,
        cellGap=0,
        color={"mode": "scheme", "scheme": "Blues", "steps": 64},
        yAxis={"unit": unit},
    )


def percentiles(stage, description):
    """Of one stage, of all instances that are chosen together."""
    expression = (
        'histogram_quantile({q}, sum by (le) '
        '(rate(verdict_stage_duration_seconds_bucket{{stage="{stage}", %s}}[$__rate_interval])))'
    )
    quantiles = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
    return lines(
        f"Stage: {stage}",
        description,
        "s",
        *(target(expression.format(q=q, stage=stage), name) for name, q in quantiles.items()),
    )


def budget(title, what, series, budget):
    """How much of the errors of 30 days that an objective allows is left."""
    return stat(
        title,
        (
            f"What is left of the {100 * budget:g} % of {what} in 30 days. Below 0 the objective is"
            " missed."
        ),
        "percentunit",
        f"min(1 - cluster_namespace_job:{series}:ratio_rate30d{{%j}} / {budget:g})",
        [("red", None), ("orange", 0.1), ("green", 0.5)],
        max=1,
    )


def burn(title, what, series, budget):
    """As alerts.yml compares it."""
    return lines(
        title,
        (
            f"How many times faster than an even use of the budget {what}. Alerts: 14.4 over an"
            " hour and 6 over six hours are critical, 3 over a day and 1 over three days are"
            " warnings."
        ),
        "none",
        *(
            target(
                f"max(cluster_namespace_job:{series}:ratio_rate{window}{{%j}} / {budget:g})", window
            )
            for window in ("5m", "1h", "6h", "1d", "3d")
        ),
        steps=[("transparent", None), ("orange", 1), ("red", 14.4)],
        width=12,
    )


def with_verdict(expression):
    """Of containers, those of pods that are chosen."""
    return f"{expression} and on (cluster, namespace, pod) verdict_build_info{{%s}}"


def pressure(resource):
    return target(
        with_verdict(
            "sum by (cluster, namespace, pod)"
            f" (rate(container_pressure_{resource}_waiting_seconds_total{{%p}}[$__rate_interval]))"
        ),
        resource + " {{pod}}",
    )


def place(rows):
    """Panels with ids and places: rows below each other, panels side by side."""
    panels, y = [], 0
    for title, row in rows.items():
        panels.append(
            {
                "type": "row",
                "title": title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
        )
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
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "query": {"query": query, "refId": name},
        "definition": query,
    }
