// Times Verdict's engine and ONNX Runtime in turn, round by round, and prints the ratio of their medians
// as a Markdown table. Machines are noisy: only ratios of one run count.
//   node compare.mjs --engine BINARY --model DIR --onnx DIR --lengths FILE [--precision P] [--threads N] [--rounds N]
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
    precision: { type: 'string', default: 'f32' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1.5' },
    shapes: { type: 'string', default: '1x8,1x32,1x128,1x512,8x32,32x128' },
  },
});
const peer = fileURLToPath(new URL('onnxruntime_bench.mjs', import.meta.url));

const jsonLines = (command, args, cwd) =>
  execFileSync(command, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    .trim().split('\n').map((line) => JSON.parse(line));

const runVerdict = () => jsonLines(options.engine, [
  options.model, '--threads', options.threads, '--seconds', options.seconds,
  '--precision', options.precision, '--max-batch-tokens', '4096',
  '--shapes', options.shapes, '--lengths', options.lengths,
]);
const runPeer = () => jsonLines(process.execPath, [
  // It has no bf16 of its own on CPUs.
  peer, resolve(options.onnx, `${options.precision === 'int8' ? 'int8' : 'f32'}.onnx`), options.threads,
  options.seconds, options.shapes, resolve(options.lengths),
], options.modules);

// One row's figures of all rounds: its name -> [figure of each round].
function collect(figures, rows) {
  for (const row of rows) {
    const name = row.shape ?? row.lengths;
    figures.set(name, [...(figures.get(name) ?? []), row.p50_ms ?? row.texts_per_s]);
  }
}
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

const ours = new Map();
const theirs = new Map();
for (let round = 0; round < Number(options.rounds); round++) {
  collect(ours, runVerdict());
  collect(theirs, runPeer());
}

const theirPrecision = options.precision === 'int8' ? 'int8' : 'f32';
console.log(`### ${options.precision} against ${theirPrecision}, ${options.threads} thread(s), ` +
  `medians of ${options.rounds} rounds in turn\n`);
console.log('| texts x tokens | Verdict p50 ms | ONNX Runtime p50 ms | ratio |\n|---|---|---|---|');
for (const shape of options.shapes.split(',')) {
  const [mine, peers] = [median(ours.get(shape)), median(theirs.get(shape))];
  console.log(`| ${shape} | ${mine.toFixed(2)} | ${peers.toFixed(2)} | ${(peers / mine).toFixed(2)} |`);
}
const packed = median(ours.get('packed'));
console.log(`\nReal lengths, packed in file order: Verdict ${packed.toFixed(1)} texts/s\n`);
console.log('| ONNX Runtime | texts/s | ratio |\n|---|---|---|');
for (const [name, figures] of theirs) {
  if (!name.startsWith('batches')) continue;
  console.log(`| ${name} | ${median(figures).toFixed(1)} | ${(packed / median(figures)).toFixed(2)} |`);
}
