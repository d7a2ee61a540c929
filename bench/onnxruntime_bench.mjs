// Times ONNX Runtime on a model of onnx_model.py; prints one JSON object a line, like engine_bench.
//   node onnxruntime_bench.mjs MODEL.onnx THREADS SECONDS SHAPES [LENGTHS_FILE]
// onnxruntime-node is looked for from the current folder:
//   npm install --ignore-scripts onnxruntime-node
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const { InferenceSession, Tensor } = createRequire(`${process.cwd()}/`)('onnxruntime-node');
const [modelFile, threads, seconds, shapes, lengthsFile] = process.argv.slice(2);

const session = await InferenceSession.create(modelFile, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  executionMode: 'sequential',
});

// The smallest of `sorted` that a share `q` of them does not exceed: of few, the largest.
const quantile = (sorted, q) => sorted[Math.max(Math.ceil(q * sorted.length), 1) - 1];

const cpuMilliseconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

// Texts of the given lengths, padded to the longest.
function paddedBatch(lengths) {
  const rows = lengths.length;
  const columns = Math.max(...lengths);
  const ids = new Int32Array(rows * columns);
  const mask = new Int32Array(rows * columns);
  lengths.forEach((length, row) => {
    for (let i = 0; i < length; i++) {
      ids[row * columns + i] = 1000 + ((i * 7919 + row * 104729) % 29522);
      mask[row * columns + i] = 1;
    }
  });
  return {
    input_ids: new Tensor('int32', ids, [rows, columns]),
    attention_mask: new Tensor('int32', mask, [rows, columns]),
  };
}

async function runMilliseconds(batch) {
  const start = performance.now();
  await session.run(batch);
  return performance.now() - start;
}

async function benchShape(shape) {
  const [texts, tokens] = shape.split('x').map(Number);
  const batch = paddedBatch(Array(texts).fill(tokens));
  for (let i = 0; i < 2; i++) await runMilliseconds(batch);
  const times = [];
  const cpuBefore = cpuMilliseconds();
  let total = 0;
  for (; total < seconds * 1000 || times.length < 7; total += times.at(-1)) {
    times.push(await runMilliseconds(batch));
  }
  const cpu = cpuMilliseconds() - cpuBefore;
  times.sort((a, b) => a - b);
  return {
    shape,
    passes: times.length,
    min_ms: times[0],
    p50_ms: times[times.length >> 1],
    p95_ms: quantile(times, 0.95),
    p99_ms: quantile(times, 0.99),
    cpu_utilisation: cpu / (total * threads),
  };
}

async function benchLengths(lengths, batchSize, name) {
  const batches = [];
  for (let i = 0; i < lengths.length; i += batchSize) {
    batches.push(paddedBatch(lengths.slice(i, i + batchSize)));
  }
  await runMilliseconds(batches[0]);
  const cpuBefore = cpuMilliseconds();
  let total = 0;
  for (const batch of batches) total += await runMilliseconds(batch);
  return {
    lengths: name,
    texts: lengths.length,
    texts_per_s: (lengths.length / total) * 1000,
    cpu_utilisation: (cpuMilliseconds() - cpuBefore) / (total * threads),
  };
}

for (const shape of shapes.split(',')) console.log(JSON.stringify(await benchShape(shape)));
if (lengthsFile) {
  const lengths = readFileSync(lengthsFile, 'utf8').trim().split(/\s+/).map(Number);
  const sorted = [...lengths].sort((a, b) => a - b);
  const print = async (...batches) => console.log(JSON.stringify(await benchLengths(...batches)));
  for (const size of [1, 8, 32]) {
    await print(lengths, size, `batches of ${size}`);
    if (size > 1) await print(sorted, size, `batches of ${size}, sorted`);
  }
}
// Node itself takes some 50 MB of this.
const [, kibibytes] = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s*(\d+)/);
console.log(JSON.stringify({ process: 'onnxruntime', peak_memory_mb: (kibibytes * 1024) / 1e6 }));
