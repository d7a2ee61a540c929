// The figures of compare.mjs as the rows of a Markdown table.

const NAMES = { verdict: 'Verdict', onednn: 'Verdict, oneDNN', onnxruntime: 'ONNX Runtime' };
const NONE = '–';

const isKnown = (value) => value !== null && value !== undefined;
const number = (value) => (isKnown(value) ? String(Number(value.toPrecision(3))) : NONE);
const share = (value) => (isKnown(value) ? `${(100 * value).toFixed(0)} %` : NONE);
// p50 / p95 / p99, or p50 alone.
const times = (values) =>
  (values?.some(isKnown) ? values.filter(isKnown).map(number).join(' / ') : NONE);

// ONNX Runtime has no bf16 on CPUs: its float32 is timed once more beside our bf16.
const titleOf = (name, precision) => (name === 'onnxruntime' && precision === 'bf16'
  ? 'ONNX Runtime f32, beside bf16' : `${NAMES[name]} ${precision}`);

// `figures`: by precision and engine, as compare.mjs writes them. Rows without a figure are named
// below the table.
export function figuresTable(figures) {
  const columns = Object.entries(figures).flatMap(([precision, engines]) =>
    Object.keys(NAMES).filter((name) => engines[name])
      .map((name) => ({ title: titleOf(name, precision), ...engines[name] })));
  const shapes = Object.keys(columns[0].shapes);
  const rows = [
    ...shapes.map((shape) => [`${shape}, ms`, (column) => times(column.shapes[shape])]),
    ['real lengths, texts/s', (column) => number(column.texts_per_s)],
    ['CPU utilisation at that', (column) => share(column.engine_cpu)],
    ['peak memory of the engine alone, MB', (column) => number(column.engine_memory_mb)],
    ['gRPC, 1 caller, ms', (column) => times(column.one_caller)],
    ['gRPC, 32 callers, ms', (column) => times(column.many_callers)],
    ['gRPC, 32 callers, requests/s', (column) => number(column.requests_per_s)],
    ["verdictd's CPU utilisation at that", (column) => share(column.service_cpu)],
    ["verdictd's peak memory, MB", (column) => number(column.service_memory_mb)],
  ].map(([title, cellOf]) => [title, ...columns.map(cellOf)]);

  const isMissing = ([, ...cells]) => cells.every((cell) => cell === NONE);
  const missing = rows.filter(isMissing).map(([title]) => title.replace(/, (ms|MB)$/, ''));
  const hasTails = columns.some((column) => isKnown(column.shapes[shapes[0]][1]));
  if (!hasTails) missing.unshift('p95 and p99');
  const without = Object.keys(figures).filter((precision) => !figures[precision].onednn);
  if (without.length > 0) missing.push(`with oneDNN's kernels ${without.join(', ')}`);
  return [
    `| ${['', ...columns.map(({ title }) => title)].join(' | ')} |`,
    `|${'---|'.repeat(columns.length + 1)}`,
    ...rows.filter((row) => !isMissing(row)).map((row) => `| ${row.join(' | ')} |`),
    ...(missing.length > 0 ? ['', `Not measured: ${missing.join('; ')}.`] : []),
  ];
}
