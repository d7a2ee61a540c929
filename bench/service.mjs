// Times the whole service: verdictd with a model on a free port, and `verdict load` beside it on
// the same machine, one call at a time, then 32 at a time, which is saturation. Prints one JSON
// object a line.
//   node service.mjs BUILD MODEL PRECISION KERNELS THREADS TEXTS SECONDS
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [build, model, precision, kernels, threads, texts, seconds] = process.argv.slice(2);
const server = spawn(`${build}/verdictd`, [
  '--model', model, '--precision', precision, '--kernels', kernels, '--threads', threads,
  '--grpc-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0', '--log-format', 'json',
], { stdio: ['ignore', 'ignore', 'pipe'] });

async function servingAddress() {
  for await (const line of createInterface({ input: server.stderr })) {
    const entry = JSON.parse(line);
    if (entry.message === 'serving') return entry.grpc;
    if (entry.level === 'error') process.stderr.write(`${line}\n`);
  }
  throw new Error('verdictd ended before it served');
}

// CPU time that the server has used.
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
function cpuSeconds() {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond; // the name has no spaces
}

function load(address, callers, duration) {
  const cpuBefore = cpuSeconds();
  const { summary } = JSON.parse(execFileSync(`${build}/verdict`, [
    'load', '--server', address, '--concurrency', String(callers), '--duration', `${duration}s`,
    '--mix', 'classify=1', '--file', texts, '--json', '-', '--quiet',
  ], { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'] }));
  const latency = summary.latency_ms.OK;
  return {
    callers,
    requests_per_s: summary.ok / summary.seconds,
    failed: summary.finished - summary.ok,
    p50_ms: latency.p50,
    p95_ms: latency.p95,
    p99_ms: latency.p99,
    cpu_utilisation: (cpuSeconds() - cpuBefore) / (summary.seconds * threads),
  };
}

try {
  const address = await servingAddress();
  server.stderr.resume(); // whatever else it says must not fill the pipe
  load(address, 32, 1); // to be warm
  for (const callers of [1, 32]) console.log(JSON.stringify(load(address, callers, seconds)));
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  const [, kibibytes] = status.match(/VmHWM:\s*(\d+)/);
  console.log(JSON.stringify({ process: 'service', peak_memory_mb: (kibibytes * 1024) / 1e6 }));
} finally {
  server.kill();
}
process.exit(0);
