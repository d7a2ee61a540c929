// Writes the tables and the figure of bench/RESULTS.md from the figures of runs, one JSON file a
// machine class.
//   node report.mjs RESULTS.md FIGURE.svg RUN.json…
// What stands between the two marks of RESULTS.md is replaced.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { figuresTable } from './tables.mjs';

const [page, figure, ...files] = process.argv.slice(2);
const runs = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));

// Prose in lines of at most 100 columns.
const wrapped = (prose) => prose.split(' ').reduce((lines, word) => {
  const line = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
  return line.length <= 100 ? [...lines.slice(0, -1), line] : [...lines, word];
}, ['']);

const section = (run) => [
  `### ${run.machine}`, '',
  ...wrapped(`${run.date}, ${run.threads} threads, ${run.rounds} round(s). ${run.note}`.trim()), '',
  ...figuresTable(run.figures).flatMap((line) => (line.startsWith('|') ? line : wrapped(line))), '',
];

// The figure: how many times as fast as ONNX Runtime, by shape and precision; a panel a machine.
const COLOURS = { f32: '#4269d0', bf16: '#efb118', int8: '#3ca951' };
const WIDTH = 760;
const PANEL = 250; // its height
const LEFT = 44; // of the bars
const RIGHT = WIDTH - 10;
const TOP = 46; // of the bars, in their panel
const BARS = 150; // their height at most
const GAP = 20; // between two shapes

const tag = (name, attributes, content = '') => {
  const list = Object.entries(attributes).map(([key, value]) =>
    `${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : value}"`);
  return `<${[name, ...list].join(' ')}${content ? `>${content}</${name}>` : '/>'}`;
};
const text = (x, y, content, more = {}) => tag('text', { x, y, ...more }, content);
const line = (y, more) => tag('line', { x1: LEFT, x2: RIGHT, y1: y, y2: y, ...more });

const speedup = (run, precision, shape) => {
  const { onnxruntime, verdict } = run.figures[precision];
  const [theirs, mine] = [onnxruntime, verdict].map((engine) => engine.shapes[shape]?.[0]);
  return theirs && mine ? theirs / mine : 0;
};

function panel(run, index) {
  const precisions = Object.keys(COLOURS).filter((precision) => run.figures[precision]);
  const shapes = Object.keys(run.figures[precisions[0]].verdict.shapes);
  const values = shapes.map((shape) =>
    precisions.map((precision) => speedup(run, precision, shape)));
  const most = Math.ceil(Math.max(1, ...values.flat()));
  const top = index * PANEL + TOP;
  const y = (value) => top + BARS * (1 - value / most);
  const group = (RIGHT - LEFT) / shapes.length;
  const bar = (group - GAP) / precisions.length;

  const parts = [text(10, top - 26, run.machine, { 'font-weight': 'bold' })];
  for (let value = 0; value <= most; value += Math.ceil(most / 6)) {
    parts.push(line(y(value), { stroke: '#ddd' }),
      text(LEFT - 6, y(value) + 4, `${value}x`, { 'text-anchor': 'end' }));
  }
  shapes.forEach((shape, column) => {
    const left = LEFT + column * group + GAP / 2;
    precisions.forEach((precision, place) => {
      const value = values[column][place];
      if (value === 0) return;
      const x = left + place * bar;
      parts.push(
        tag('rect', {
          x, y: y(value), width: bar - 3, height: top + BARS - y(value), fill: COLOURS[precision],
        }),
        text(x + (bar - 3) / 2, y(value) - 4, value.toFixed(1),
          { 'text-anchor': 'middle', 'font-size': 10 }));
    });
    parts.push(text(left + (group - GAP) / 2, top + BARS + 16, shape, { 'text-anchor': 'middle' }));
  });
  // As fast as ONNX Runtime.
  parts.push(line(y(1), { stroke: '#c00', 'stroke-dasharray': '4 3' }));
  return parts.join('\n');
}

const legend = Object.entries(COLOURS).map(([precision, fill], index) => {
  const x = WIDTH - 210 + index * 68;
  return tag('rect', { x, y: 10, width: 10, height: 10, fill }) + text(x + 15, 19, precision);
});
const height = runs.length * PANEL + 10;
writeFileSync(figure, [
  tag('svg', {
    xmlns: 'http://www.w3.org/2000/svg', width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`,
    'font-family': 'sans-serif', 'font-size': 12,
  }, ['', tag('title', {}, 'Times as fast as ONNX Runtime, by texts x tokens'),
    tag('rect', { width: '100%', height: '100%', fill: 'white' }), ...legend, ...runs.map(panel),
    ''].join('\n')), ''].join('\n'));

const marks = ['<!-- figures: written by bench/report.mjs -->', '<!-- end of figures -->'];
const old = existsSync(page) ? readFileSync(page, 'utf8') : `${marks.join('\n')}\n`;
const [begin, end] = marks.map((mark) => old.indexOf(mark));
if (begin < 0 || end < begin) throw new Error(`${page} lacks the marks ${marks.join(' and ')}`);
const before = old.slice(0, begin) + marks[0];
writeFileSync(page, [before, '', ...runs.flatMap(section), old.slice(end)].join('\n'));
