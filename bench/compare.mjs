// Times Verdict's engine with its own choice of kernels and with oneDNN's, and ONNX Runtime, in
// turn, round by round; with --texts the whole service through gRPC, too. Prints Markdown tables of
// the medians over the rounds, and writes the same figures to --json, for report.mjs. Machines are
// noisy: only ratios of one run count.
//   node compare.mjs --build DIR --model DIR --onnx DIR --lengths FILE [--texts FILE]
//     [--precision P] [--threads N] [--rounds N] [--json FILE]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { figuresTable } from './tables.mjs';

const { values: options } = parseArgs({
  options: {
    build: { type: 'string' }, // where verdictd, verdict and engine_bench are
    model: { type: 'string' },
    onnx: { type: 'string' },
    lengths: { type: 'string' },
    modules: { type: 'string', default: '.' }, // where node_modules with onnxruntime-node is
    texts: { type: 'string' }, // one a line, for the service
    precision: { type: 'string', default: 'f32' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1.5' }, // of each shape
    'service-seconds': { type: 'string', default: '8' },
    shapes: { type: 'string', default: '1x8,1x32,1x128,1x512,8x32,32x128' },
    json: { type: 'string' },
  },
});
const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const shapes = options.shapes.split(',');
// It has no bf16 of its own on CPUs.
const theirPrecision = options.precision === 'int8' ? 'int8' : 'f32';

const jsonLines = (command, args, cwd) =>
  execFileSync(command, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    .trim().split('\n').map((line) => JSON.parse(line));

const runEngine = (...more) => jsonLines(`${options.build}/engine_bench`, [
  options.model, '--threads', options.threads, '--seconds', options.seconds,
  '--precision', options.precision, '--max-batch-tokens', '4096',
  '--shapes', options.shapes, '--lengths', options.lengths, ...more,
]);
const runPeer = () => jsonLines(process.execPath, [
  pathOf('onnxruntime_bench.mjs'), resolve(options.onnx, `${theirPrecision}.onnx`),
  options.threads, options.seconds, options.shapes, resolve(options.lengths),
], options.modules);
const runService = (kernels) => (options.texts ? jsonLines(process.execPath, [
  pathOf('service.mjs'), options.build, options.model, options.precision, kernels,
  options.threads, options.texts, options['service-seconds'],
]) : []);
// oneDNN has no kernels for some precisions on some CPUs.
let hasOneDnn = true;
const runOneDnn = () => {
  if (!hasOneDnn) return [];
  try {
    return [...runEngine('--kernels', 'onednn'), ...runService('onednn')];
  } catch {
    hasOneDnn = false;
    return [];
  }
};

const rows = { verdict: [], onednn: [], onnxruntime: [] };
for (let round = 0; round < Number(options.rounds); round++) {
  rows.verdict.push(...runEngine('--peak'), ...runService('auto'));
  rows.onednn.push(...runOneDnn());
  rows.onnxruntime.push(...runPeer());
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? null;
const rounded = (number) => (number === null ? null : Number(number.toPrecision(4)));
// A figure of all rounds' rows that match.
const figures = (of, matches, name) => rows[of]
  .filter((row) => Object.entries(matches).every(([key, value]) => row[key] === value))
  .map((row) => row[name]);
const middle = (of, matches, name) => rounded(median(figures(of, matches, name)));
const quantiles = (of, matches) =>
  ['p50_ms', 'p95_ms', 'p99_ms'].map((name) => middle(of, matches, name));

// The figures of an engine, as report.mjs reads them. `lengths`: its row of real lengths.
const summary = (of, lengths) => ({
  kernels: rows[of].find((row) => row.kernels)?.kernels ?? null,
  shapes: Object.fromEntries(shapes.map((shape) => [shape, quantiles(of, { shape })])),
  texts_per_s: middle(of, { lengths }, 'texts_per_s'),
  engine_cpu: middle(of, { lengths }, 'cpu_utilisation'),
  engine_memory_mb:
    middle(of, { process: of === 'onnxruntime' ? of : 'engine' }, 'peak_memory_mb'),
  one_caller: quantiles(of, { callers: 1 }),
  many_callers: quantiles(of, { callers: 32 }),
  requests_per_s: middle(of, { callers: 32 }, 'requests_per_s'),
  service_cpu: middle(of, { callers: 32 }, 'cpu_utilisation'),
  service_memory_mb: middle(of, { process: 'service' }, 'peak_memory_mb'),
});

const batches = [...new Set(rows.onnxruntime.map((row) => row.lengths))]
  .filter((name) => name?.startsWith('batches'));
const theirRate = (name) => middle('onnxruntime', { lengths: name }, 'texts_per_s');
const theirBest = batches.reduce((best, name) => (theirRate(name) > theirRate(best) ? name : best));
const result = {
  verdict: summary('verdict', 'packed'),
  ...(hasOneDnn ? { onednn: summary('onednn', 'packed') } : {}),
  onnxruntime: summary('onnxruntime', theirBest),
};
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);

const print = (...lines) => console.log(lines.join('\n'));
print(`### ${options.precision}, ${options.threads} thread(s), medians of ${options.rounds} ` +
  'round(s) in turn', '', ...figuresTable({ [options.precision]: result }));

const percent = (number) => (number === null ? '-' : `${(100 * number).toFixed(0)} %`);
const ratio = (shape, name) => {
  const [theirs, mine] = ['onnxruntime', 'verdict'].map((of) => figures(of, { shape }, name));
  const combine = name === 'min_ms' ? (times) => Math.min(...times) : median;
  return (combine(theirs) / combine(mine)).toFixed(2);
};
print('', 'The hot matrix peak is measured in turn with the passes. Its shares count what a pass',
  'must compute: of the pass, of its products alone, and of the best pass at the best peak.', '',
  '| texts x tokens | times as fast as ONNX Runtime | by best times | peak G/s ' +
  '| pass | products | best |', '|---|---|---|---|---|---|---|');
for (const shape of shapes) {
  const peak = (middle('verdict', { shape }, 'peak') / 1e9).toFixed(0);
  const shares = ['share_of_peak', 'products_share_of_peak', 'best_share_of_best_peak']
    .map((name) => percent(middle('verdict', { shape }, name)));
  const cells = [shape, ratio(shape, 'p50_ms'), ratio(shape, 'min_ms'), peak, ...shares];
  print(`| ${cells.join(' | ')} |`);
}
const theirRates = batches.map((name) => `${name} ${theirRate(name)}`);
print('', 'Real lengths, texts a second: Verdict, packed in file order, ' +
  `${result.verdict.texts_per_s}.`, `ONNX Runtime in ${theirRates.join('; ')}.`);
