// Reads Prometheus' text format, as far as verdictd writes it.

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };

function parseLabels(text) {
  const labels = new Map();
  for (const [, name, value] of text.matchAll(LABEL)) {
    labels.set(name, value.replace(/\\[\\"n]/g, escape => ESCAPES[escape]));
  }
  return labels;
}

function parseNumber(text) {
  if (text === "+Inf") return Infinity;
  return Number(text); // "NaN" becomes what it says
}

/** One scrape: the samples of every metric, by name. */
export class Metrics {
  #samples = new Map();

  constructor(text) {
    for (const line of text.split("\n")) {
      const match = line.startsWith("#") ? null : SAMPLE.exec(line);
      if (match === null) continue;
      const [, name, labels, value] = match;
      if (!this.#samples.has(name)) this.#samples.set(name, []);
      this.#samples.get(name).push({ labels: parseLabels(labels ?? ""), value: parseNumber(value) });
    }
  }

  /** The samples of `name` that have all of `labels`. */
  all(name, labels = {}) {
    const wanted = Object.entries(labels);
    return (this.#samples.get(name) ?? []).filter(
      sample => wanted.every(([label, value]) => sample.labels.get(label) === value));
  }

  /** Their sum; NaN if there is none. */
  sum(name, labels = {}) {
    const samples = this.all(name, labels);
    return samples.length === 0 ? NaN : samples.reduce((sum, sample) => sum + sample.value, 0);
  }

  /** A label of the one sample of an info metric. */
  info(name, label) {
    return this.all(name)[0]?.labels.get(label);
  }

  /** A histogram's buckets, each with what is in it alone. */
  buckets(name) {
    const cumulative = this.all(`${name}_bucket`)
      .map(({ labels, value }) => ({ most: parseNumber(labels.get("le")), count: value }))
      .sort((a, b) => a.most - b.most);
    return cumulative.map(({ most, count }, i) => ({ most, count: count - (cumulative[i - 1]?.count ?? 0) }));
  }
}
