// Looks at the server every two seconds. Every figure is one of /metrics, or how fast one grows; the
// charts are the server's own samples of the last two minutes.
import { compact, drawHistogram, drawLine, element, milliseconds } from "./charts.js";
import { Metrics } from "./metrics.js";
import { startTrying } from "./try.js";

const INTERVAL_MS = 2000;
const PATIENCE_MS = 5000;
const KEPT = 61; // scrapes, and the server's samples: two minutes
const SHOWN_LABELS = 100;
const STAGES = ["tokenize", "queue", "inference", "total"];

const byId = id => document.getElementById(id);
const write = (id, text) => { byId(id).textContent = text; };

let scrapes = []; // { at, metrics }, the newest last
const SCALES = { texts: compact, tokens: compact, p99: value => `${milliseconds(value)} ms`, queue: compact, refused: compact, cpu: compact };

async function fetchText(path) {
  const reply = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  return { ok: reply.ok, date: Date.parse(reply.headers.get("Date")), text: await reply.text() };
}

function showState(className, text) {
  const state = byId("state");
  state.className = `state ${className}`;
  if (state.textContent !== text) state.textContent = text; // else it would be read out again
}

function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

function bytes(value) {
  return value >= 2 ** 30 ? `${(value / 2 ** 30).toFixed(2)} GiB` : `${Math.round(value / 2 ** 20)} MiB`;
}

function showFacts(metrics, serverNow) {
  const model = label => metrics.info("verdict_model_info", label) ?? "–";
  write("model-name", model("name"));
  document.title = `${model("name")} – Verdict`;
  write("precision", model("precision"));
  write("isa", model("isa"));
  write("threads", model("threads"));
  write("version", metrics.info("verdict_build_info", "version") ?? "–");
  // By the server's clock, whatever ours says.
  write("uptime", duration(serverNow / 1000 - metrics.sum("process_start_time_seconds")));
}

/** How fast a counter grew since the scrape before, per second. */
function rate(read) {
  const [before, now] = scrapes.slice(-2);
  return now === undefined ? NaN : (read(now.metrics) - read(before.metrics)) / ((now.at - before.at) / 1000);
}

const failed = metrics => metrics.sum("grpc_server_handled_total") - metrics.sum("grpc_server_handled_total", { grpc_code: "OK" });

/** Each chart with the value of its top. */
function showHistory(history) {
  for (const [name, write_] of Object.entries(SCALES)) {
    const most = drawLine(byId(`${name}-line`), history[name], KEPT);
    write(`${name}-scale`, most > 0 ? write_(most) : "");
  }
}

/** What became of texts, of those codes that there were. */
function showOutcomes(metrics) {
  const codes = [...new Set(metrics.all("verdict_texts_total").map(({ labels }) => labels.get("code")))];
  const rows = codes.map(code => ({ code, texts: metrics.sum("verdict_texts_total", { code }) }))
    .filter(({ code, texts }) => code === "OK" || texts > 0)
    .sort((a, b) => b.texts - a.texts);
  byId("outcomes").replaceChildren(...rows.map(({ code, texts }) => {
    const heading = element("th", { text: code });
    heading.scope = "row";
    const now = rate(m => m.sum("verdict_texts_total", { code }));
    return element("tr", { className: code === "OK" ? "" : "failed" }, heading,
      element("td", { text: compact(texts) }), element("td", { text: compact(now) }));
  }));
}

function showModel({ maxTokens, labels, revision }) {
  write("max-tokens", maxTokens);
  write("revision", revision.slice(0, 12));
  byId("revision").title = `SHA-256 of the weights: ${revision}`;
  write("labels-note", labels.length > SHOWN_LABELS ? `${labels.length}, the first ${SHOWN_LABELS}` : labels.length);
  byId("labels").replaceChildren(...labels.slice(0, SHOWN_LABELS).map(text => element("li", { text })));
}

function showOptions(options) {
  byId("options-card").hidden = false;
  byId("options").replaceChildren(...options.filter(option => !option.default).map(({ name, value }) => {
    const heading = element("th", { text: name });
    heading.scope = "row";
    return element("tr", {}, heading, element("td", { text: value }));
  }));
}

function showNow(metrics) {
  const total = quantile => metrics.sum("verdict_latency_seconds", { stage: "total", quantile });
  const texts = rate(m => m.sum("verdict_latency_seconds_count", { stage: "total" }));
  const tokens = rate(m => m.sum("verdict_tokens_total"));
  const refused = rate(m => m.sum("verdict_shed_total"));
  const cpu = rate(m => m.sum("process_cpu_seconds_total"));
  const queue = metrics.sum("verdict_queue_texts");
  write("texts-rate", compact(texts));
  write("in-flight", compact(metrics.sum("verdict_in_flight_texts")));
  write("tokens-rate", compact(tokens));
  write("pace", compact(metrics.sum("verdict_tokens_per_second")));
  write("p99", milliseconds(total("0.99")));
  write("p50", milliseconds(total("0.5")));
  write("queue-texts", compact(queue));
  write("queue-tokens", compact(metrics.sum("verdict_queue_tokens")));
  write("refused-rate", compact(refused));
  write("failed-rate", compact(rate(failed)));
  write("cpu", compact(cpu));
  write("memory", bytes(metrics.sum("process_resident_memory_bytes")));
}

function showStages(metrics) {
  const rows = STAGES.map(stage => ({
    stage,
    values: ["0.5", "0.95", "0.99"].map(quantile => metrics.sum("verdict_latency_seconds", { stage, quantile })),
  }));
  const most = Math.max(...rows.map(row => row.values[2]).filter(Number.isFinite), Number.MIN_VALUE);
  byId("stages").replaceChildren(...rows.map(({ stage, values }) => {
    const heading = element("th", { text: stage });
    heading.scope = "row";
    // The median within the 99th percentile.
    const fills = [values[2], values[0]].map(value => {
      const fill = element("i");
      fill.style.width = `${Number.isFinite(value) ? (100 * value) / most : 0}%`;
      return fill;
    });
    const range = element("td", { className: "range" }, element("div", {}, ...fills));
    return element("tr", {}, heading, ...values.map(value => element("td", { text: milliseconds(value) })), range);
  }));
}

function showBatches(metrics) {
  const before = scrapes[0].metrics.buckets("verdict_batch_texts");
  const buckets = metrics.buckets("verdict_batch_texts")
    .map(({ most, count }, i) => ({ most, count: count - before[i].count }));
  const batches = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const seconds = Math.round((scrapes.at(-1).at - scrapes[0].at) / 1000);
  write("batches-note", `${compact(batches)} batches in ${duration(seconds)}`);
  drawHistogram(byId("batches"), buckets);
}

function take(metrics) {
  const started = m => m.sum("process_start_time_seconds");
  if (scrapes.length > 0 && started(scrapes.at(-1).metrics) !== started(metrics)) {
    scrapes = []; // another process: its counters began anew
  }
  scrapes.push({ at: performance.now(), metrics });
  scrapes = scrapes.slice(-KEPT);
}

async function look() {
  try {
    const [scrape, readiness, history] =
      await Promise.all([fetchText("metrics"), fetchText("readyz"), fetchText("history.json")]);
    const metrics = new Metrics(scrape.text);
    take(metrics);
    showFacts(metrics, scrape.date);
    showNow(metrics);
    showStages(metrics);
    showBatches(metrics);
    showOutcomes(metrics);
    showHistory(JSON.parse(history.text));
    showState(readiness.ok ? "good" : "bad", readiness.ok ? "Ready" : `Not ready: ${readiness.text.trim()}`);
  } catch {
    showState("bad", "Unreachable");
  }
}

async function watch() {
  if (!document.hidden) await look();
  setTimeout(watch, INTERVAL_MS);
}

startTrying({ onModel: showModel, onOptions: showOptions });
watch();
