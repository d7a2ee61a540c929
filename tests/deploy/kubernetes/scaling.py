"""What the autoscalers of deploy/kubernetes are told, and how many pods they would run: Kubernetes'
and KEDA's arithmetic over simulated servers.

A server is simulated, not run: batches of at most 15 texts of 25 tokens, each taking 6 ms and 1 s
for 1,700 tokens (f32 on two AVX2 cores, deploy/README.md), a deadline of 1 s, refusals as
verdictd's. A pod serves 20 s after it is asked for. Calls come at random, evenly over the pods.
"""
import collections
import math
import random
import re
from dataclasses import dataclass

TEXT_TOKENS = 25
BATCH_TEXTS = 15  # 384 tokens, --max-batch-tokens on two threads
BATCH_SECONDS = 0.006
TOKENS_PER_SECOND = 1700
DEADLINE_SECONDS = 1.0
SLOW_SECONDS = 0.3  # the latency objective's
SCRAPE_SECONDS = 15
SYNC_SECONDS = 15  # of the autoscaler
POD_START_SECONDS = 20
TOLERANCE = 0.1  # Kubernetes' default


def batch_seconds(texts):
    return BATCH_SECONDS + texts * TEXT_TOKENS / TOKENS_PER_SECOND


PEAK_TEXTS_PER_SECOND = BATCH_TEXTS / batch_seconds(BATCH_TEXTS)
SECONDS_OF_BATCH = [batch_seconds(texts) for texts in range(BATCH_TEXTS + 1)]
# Whatever waits behind the batch that runs and one more is done in time.
SURE_TEXTS = 2 * BATCH_TEXTS
assert 3 * batch_seconds(BATCH_TEXTS) * 1.1 < DEADLINE_SECONDS


@dataclass(frozen=True)
class Metric:
    """A query over all pods, and how much of it one pod should have."""

    series: str
    function: str  # rate or avg_over_time
    window_seconds: int
    target: float


@dataclass(frozen=True)
class Policies:
    """One direction: scaleUp or scaleDown."""

    stabilization_seconds: int
    policies: tuple  # of type, value and periodSeconds


@dataclass(frozen=True)
class Scaler:
    minimum: int
    maximum: int
    metrics: tuple
    up: Policies
    down: Policies


def _quantity(text):
    return float(text[:-1]) / 1000 if str(text).endswith("m") else float(text)


def _metric(query, target):
    found = re.search(
        r"(rate|avg_over_time)\(\s*(verdict_\w+)\{[^}]*\}\s*\[(\d+)([sm])\]\s*\)", query
    )
    if found is None:
        raise ValueError(f"no rate and no mean over a window in {query}")
    function, series, number, unit = found.groups()
    return Metric(series, function, int(number) * {"s": 1, "m": 60}[unit], target)


def _policies(direction):
    return Policies(
        direction["stabilizationWindowSeconds"],
        tuple((one["type"], one["value"], one["periodSeconds"]) for one in direction["policies"]),
    )


def _scaler(minimum, maximum, metrics, behavior):
    return Scaler(
        minimum,
        maximum,
        tuple(metrics),
        _policies(behavior["scaleUp"]),
        _policies(behavior["scaleDown"]),
    )


def of_kubernetes(autoscaler, adapter_rules):
    """A HorizontalPodAutoscaler, whose metrics prometheus-adapter makes for each pod."""
    queries = {
        rule["name"]["as"]: (
            rule["metricsQuery"]
            .replace("<<.Series>>", rule["seriesQuery"].partition("{")[0])
            .replace("<<.LabelMatchers>>", "")
        )
        for rule in adapter_rules
    }
    spec = autoscaler["spec"]
    metrics = []
    for metric in spec["metrics"]:
        target = metric["pods"]["target"]
        if target["type"] != "AverageValue":
            raise ValueError(f"{target} is not of one pod")
        metrics.append(
            _metric(queries[metric["pods"]["metric"]["name"]], _quantity(target["averageValue"]))
        )
    return _scaler(spec["minReplicas"], spec["maxReplicas"], metrics, spec["behavior"])


def of_keda(scaled_object):
    """A ScaledObject, whose queries are of all pods together."""
    spec = scaled_object["spec"]
    metrics = []
    for trigger in spec["triggers"]:
        query = trigger["metadata"]["query"]
        if trigger["metricType"] != "AverageValue" or not query.startswith("sum("):
            raise ValueError(f"{query} is not a sum that is shared out among the pods")
        metrics.append(_metric(query, _quantity(trigger["metadata"]["threshold"])))
    return _scaler(
        spec["minReplicaCount"],
        spec["maxReplicaCount"],
        metrics,
        spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
    )


class Decisions:
    """The controller's algorithm: the metric that asks for most decides, within stabilization
    windows and policies. Both autoscalers share the sum of a query out among the pods there are.
    """

    def __init__(self, scaler):
        self.scaler = scaler
        self.wanted = collections.deque()  # of time and pods
        self.changes = collections.deque()  # of time and difference

    def _recommended(self, values, pods):
        recommended = 0
        for metric, value in zip(self.scaler.metrics, values, strict=True):
            if value is None:  # without a figure no pod is taken away
                recommended = max(recommended, pods)
                continue
            ratio = value / (metric.target * pods)
            kept = abs(ratio - 1) <= TOLERANCE
            recommended = max(recommended, pods if kept else math.ceil(value / metric.target))
        return recommended

    def _within(self, direction, sign, pods, now):
        limits = []
        for kind, value, period in direction.policies:
            changed = sum(by for at, by in self.changes if at > now - period and by * sign > 0)
            start = pods - changed
            step = math.ceil(start * value / 100) if kind == "Percent" else value
            limits.append(start + sign * step)
        return max(limits) if sign > 0 else min(limits)

    def decide(self, now, values, pods):
        """How many pods there are to be."""
        scaler = self.scaler
        self.wanted.append((now, self._recommended(values, pods)))
        longest = max(scaler.up.stabilization_seconds, scaler.down.stabilization_seconds)
        while self.wanted[0][0] < now - longest:
            self.wanted.popleft()
        least = min(n for at, n in self.wanted if at >= now - scaler.up.stabilization_seconds)
        most = max(n for at, n in self.wanted if at >= now - scaler.down.stabilization_seconds)
        wanted = max(least, min(pods, most))
        wanted = max(scaler.minimum, min(scaler.maximum, wanted))
        if wanted > pods:
            wanted = max(pods, min(wanted, self._within(scaler.up, 1, pods, now)))
        elif wanted < pods:
            wanted = min(pods, max(wanted, self._within(scaler.down, -1, pods, now)))
        if wanted != pods:
            self.changes.append((now, wanted - pods))
        return wanted


class Pod:
    def __init__(self, now, phase):
        self.queue = collections.deque()  # of arrivals
        self.free = float(now)
        self.busy = 0.0  # of batches that have begun
        self.last = 0.0  # the latest of them
        self.shed = 0
        self.phase = phase
        self.samples = collections.deque(maxlen=12)

    def advance(self, now):
        """Runs the batches that begin by `now`; returns how many texts took long."""
        queue, slow = self.queue, 0
        while queue:
            start = max(self.free, queue[0])
            if start > now:
                break
            batch = [queue.popleft()]
            while queue and queue[0] <= start and len(batch) < BATCH_TEXTS:
                batch.append(queue.popleft())
            self.last = SECONDS_OF_BATCH[len(batch)]
            self.busy += self.last
            self.free = start + self.last
            if self.free - batch[0] > SLOW_SECONDS:
                slow += sum(1 for arrival in batch if self.free - arrival > SLOW_SECONDS)
        return slow

    def takes(self, now):
        """Whether a text that comes now would be done by its deadline, as verdictd reckons."""
        ahead = len(self.queue)
        done = (
            max(self.free - now, 0)
            + (ahead // BATCH_TEXTS) * batch_seconds(BATCH_TEXTS)
            + batch_seconds(ahead % BATCH_TEXTS + 1)
        )
        return done * 1.1 <= DEADLINE_SECONDS

    def scrape(self, now):
        self.samples.append(
            {
                "at": now,
                "verdict_engine_busy_seconds_total": self.busy - (
                    self.last if self.free > now else 0
                ),
                "verdict_shed_total": self.shed,
                "verdict_queue_tokens": len(self.queue) * TEXT_TOKENS,
            }
        )

    def value(self, metric, now):
        """As Prometheus has it, with its extrapolation to the ends of the window."""
        window = metric.window_seconds
        samples = [one for one in self.samples if now - window <= one["at"] <= now]
        values = [one[metric.series] for one in samples]
        if metric.function == "avg_over_time":
            return sum(values) / len(values) if values else None
        if len(samples) < 2:
            return None
        first, last = samples[0]["at"], samples[-1]["at"]
        increase, sampled = values[-1] - values[0], last - first
        if increase == 0:
            return 0.0
        step = sampled / (len(samples) - 1)
        before = min(first - (now - window), sampled * values[0] / increase)
        covered = sampled
        covered += before if before < 1.1 * step else step / 2
        covered += now - last if now - last < 1.1 * step else step / 2
        return increase * covered / sampled / window


@dataclass
class Run:
    calls: int
    late: int  # refused, or answered after SLOW_SECONDS
    pods: list  # of second and number, at each change
    calls_by_second: list
    late_by_second: list

    def scalings(self):
        return len(self.pods) - 1

    def share_late(self, begin=0, end=None):
        calls = sum(self.calls_by_second[begin:end])
        return sum(self.late_by_second[begin:end]) / calls


def total(metric, pods, now):
    """What the query gives: the sum of those that have a value, None if none has."""
    values = [value for value in (pod.value(metric, now) for pod in pods) if value is not None]
    return sum(values) if values else None


def simulate(scaler, load, seconds, pods, seed=1):
    """Runs `seconds` of `load`, a function of the second that gives the peaks of how many pods
    come.
    """
    chance = random.Random(seed)
    decisions = Decisions(scaler)
    running = [Pod(0, chance.randrange(SCRAPE_SECONDS)) for _ in range(pods)]
    starting = []  # when they serve
    history = [(0, pods)]
    calls_by_second, late_by_second = [], []
    draw = chance.random
    log = math.log
    for second in range(seconds):
        while starting and starting[0] <= second:
            starting.pop(0)
            running.append(Pod(second, chance.randrange(SCRAPE_SECONDS)))
        calls = late = 0
        rate = load(second) * PEAK_TEXTS_PER_SECOND / len(running)
        for pod in running:
            queue = pod.queue
            now = second - log(1 - draw()) / rate
            while now < second + 1:
                if queue and pod.free <= now:
                    late += pod.advance(now)
                calls += 1
                if len(queue) < SURE_TEXTS or pod.takes(now):
                    queue.append(now)
                else:
                    pod.shed += 1
                    late += 1
                now -= log(1 - draw()) / rate
            late += pod.advance(second + 1)
            if (second + 1) % SCRAPE_SECONDS == pod.phase:
                pod.scrape(second + 1)
        if (second + 1) % SYNC_SECONDS == 0:
            current = len(running) + len(starting)
            values = [total(metric, running, second + 1) for metric in scaler.metrics]
            wanted = decisions.decide(second + 1, values, current)
            if wanted != current:
                history.append((second + 1, wanted))
            starting += [second + 1 + POD_START_SECONDS] * (wanted - current)
            for _ in range(current - wanted):
                late += (starting.pop() and 0) if starting else running.pop().advance(math.inf)
        calls_by_second.append(calls)
        late_by_second.append(late)
    return Run(sum(calls_by_second), sum(late_by_second), history, calls_by_second, late_by_second)
