// Times Verdict's engine and ONNX Runtime in turn, round by round, and with --texts the whole service through gRPC, too;
// prints the ratio of their medians as Markdown tables. Machines are noisy: only ratios of one run count.
//   node compare.mjs --engine BINARY --model DIR --onnx DIR --lengths FILE [--texts FILE] [--precision P] [--threads N]
//     [--rounds N]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    engine: { type: 'string' },
    model: { type: 'string' },
    onnx: { type: 'string' },
    lengths: { type: 'string' },
    modules: { type: 'string', default: '.' }, // where node_modules with onnxruntime-node is
    texts: { type: 'string' }, // one a line, for the service
    precision: { type: 'string', default: 'f32' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1.5' },
    shapes: { type: 'string', default: '1x8,1x32,1x128,1x512,8x32,32x128' },
  },
});
const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const peer = pathOf('onnxruntime_bench.mjs');
const theirPrecision = options.precision === 'int8' ? 'int8' : 'f32'; // it has no bf16 of its own on CPUs

const jsonLines = (command, args, cwd) =>
  execFileSync(command, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    .trim().split('\n').map((line) => JSON.parse(line));

const runVerdict = (...more) => jsonLines(options.engine, [
  options.model, '--threads', options.threads, '--seconds', options.seconds,
  '--precision', options.precision, '--max-batch-tokens', '4096',
  '--shapes', options.shapes, '--lengths', options.lengths, ...more,
]);
// The same engine with oneDNN's products; nothing where this CPU has no kernels of oneDNN's for the precision.
let hasOneDnn = true;
const runOneDnn = () => {
  if (!hasOneDnn) return [];
  try {
    return runVerdict('--kernels', 'onednn');
  } catch {
    hasOneDnn = false;
    return [];
  }
};
const runPeer = () => jsonLines(process.execPath, [
  peer, resolve(options.onnx, `${theirPrecision}.onnx`), options.threads,
  options.seconds, options.shapes, resolve(options.lengths),
], options.modules);

const runService = () => jsonLines(pathOf('service.sh'), [
  options.model, options.precision, options.texts, options.threads,
]);

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
// A figure of all rounds' rows that are called so.
const figuresOf = (rows, name, figure) => rows.filter((row) => row.name === name).map((row) => row[figure]);
const medianOf = (...which) => median(figuresOf(...which));
const leastOf = (...which) => Math.min(...figuresOf(...which));
const named = (row) => ({ name: row.shape ?? row.lengths, ...row });

const ours = [];
const oneDnns = [];
const theirs = [];
for (let round = 0; round < Number(options.rounds); round++) {
  ours.push(...runVerdict('--peak').map(named));
  oneDnns.push(...runOneDnn().map(named));
  theirs.push(...runPeer().map(named));
  if (options.texts) ours.push(...runService().map(named));
}

// A figure of oneDNN's kernels, if there are any.
const oneDnn = (name, figure, digits) => (hasOneDnn ? medianOf(oneDnns, name, figure).toFixed(digits) : '-');
const percent = (share) => `${(100 * share).toFixed(0)} %`;
console.log(`### ${options.precision} against ${theirPrecision}, ${options.threads} thread(s), ` +
  `medians of ${options.rounds} rounds in turn\n`);
console.log('The share of the hot matrix peak, measured in turn with the passes, counts what must be computed; that of ' +
  'products is of their kernels alone; that of the best times is of the best peak.\n');
console.log('| texts x tokens | Verdict p50 ms | by oneDNN | ONNX Runtime p50 ms | ratio | of best times | hot peak G/s | share | of products | of best times |');
console.log('|---|---|---|---|---|---|---|---|---|---|');
for (const shape of options.shapes.split(',')) {
  const [mine, peers] = [medianOf(ours, shape, 'p50_ms'), medianOf(theirs, shape, 'p50_ms')];
  const best = leastOf(theirs, shape, 'min_ms') / leastOf(ours, shape, 'min_ms');
  console.log(`| ${shape} | ${mine.toFixed(2)} | ${oneDnn(shape, 'p50_ms', 2)} | ${peers.toFixed(2)} | ${(peers / mine).toFixed(2)} | ${best.toFixed(2)} ` +
    `| ${(medianOf(ours, shape, 'peak') / 1e9).toFixed(0)} | ${percent(medianOf(ours, shape, 'share_of_peak'))} ` +
    `| ${percent(medianOf(ours, shape, 'products_share_of_peak'))} | ${percent(medianOf(ours, shape, 'best_share_of_best_peak'))} |`);
}

const packed = medianOf(ours, 'packed', 'texts_per_s');
console.log(`\nReal lengths, packed in file order: Verdict ${packed.toFixed(1)} texts/s, with oneDNN's kernels ` +
  `${oneDnn('packed', 'texts_per_s', 1)}\n`);
console.log('| ONNX Runtime | texts/s | ratio |\n|---|---|---|');
const batches = [...new Set(theirs.map((row) => row.name))].filter((name) => name.startsWith('batches'));
for (const name of batches) {
  const theirRate = medianOf(theirs, name, 'texts_per_s');
  console.log(`| ${name} | ${theirRate.toFixed(1)} | ${(packed / theirRate).toFixed(2)} |`);
}
if (options.texts) {
  const best = Math.max(...batches.map((name) => medianOf(theirs, name, 'texts_per_s')));
  const served = medianOf(ours, 'served', 'texts_per_s');
  console.log('\nThrough gRPC at saturation, tokenizer, batcher and network included, client and server on this machine: ' +
    `Verdict ${served.toFixed(1)} texts/s, ${(served / best).toFixed(2)} of ONNX Runtime's bare loop at its best.`);
}
