// Times ONNX Runtime on a model of onnx_model.py; prints one JSON object a line, like engine_bench.
//   node onnxruntime_bench.mjs MODEL.onnx THREADS SECONDS SHAPES [LENGTHS_FILE]
// onnxruntime-node is looked for from the current folder: `npm install --ignore-scripts onnxruntime-node`.
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
  for (let total = 0; total < seconds * 1000 || times.length < 7; total += times.at(-1)) {
    times.push(await runMilliseconds(batch));
  }
  times.sort((a, b) => a - b);
  return { shape, min_ms: times[0], p50_ms: times[times.length >> 1] };
}

async function benchLengths(lengths, batchSize, name) {
  const batches = [];
  for (let i = 0; i < lengths.length; i += batchSize) {
    batches.push(paddedBatch(lengths.slice(i, i + batchSize)));
  }
  await runMilliseconds(batches[0]);
  let total = 0;
  for (const batch of batches) total += await runMilliseconds(batch);
  return { lengths: name, texts: lengths.length, texts_per_s: (lengths.length / total) * 1000 };
}

for (const shape of shapes.split(',')) console.log(JSON.stringify(await benchShape(shape)));
if (lengthsFile) {
  const lengths = readFileSync(lengthsFile, 'utf8').trim().split(/\s+/).map(Number);
  const sorted = [...lengths].sort((a, b) => a - b);
  for (const size of [1, 8, 32]) {
    console.log(JSON.stringify(await benchLengths(lengths, size, `batches of ${size}`)));
    if (size > 1) console.log(JSON.stringify(await benchLengths(sorted, size, `batches of ${size}, sorted`)));
  }
}
