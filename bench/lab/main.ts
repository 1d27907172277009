/**
 * Boots the lab's kernels in counted time, has cost.ts measure in each, and writes bench/results/cost.json and the table
 * in docs/performance-engine.md. `npm run bench:cost` builds first and calls this; see run.mjs for its flags.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Measured } from './figures.ts';

const ROOT = dirname(import.meta.dirname);
const KERNELS = ['6.12', '6.1'];
const TIMEOUT_SECONDS = 3000;

const words = process.argv.slice(2);
const only = words.includes('--kernel') ? words[words.indexOf('--kernel') + 1] : undefined;
if (only !== undefined && !KERNELS.includes(only)) {
  console.error(`bench: there is no kernel ${only}: ${KERNELS.join(' ')}`);
  process.exit(2);
}
const { PWRU } = process.env;
const pwru = PWRU === undefined ? [] : ['--pwru', resolve(PWRU)];

interface Run {
  readonly kernel: string;
  readonly modes: readonly Measured[];
}

function measure(kernel: string): Run {
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'dist', 'lab.mjs'),
      ...['--kernel', kernel, '--counted', '--net', '--timeout', String(TIMEOUT_SECONDS), '--'],
      ...['node', 'dist/bench-cost.mjs', ...pwru],
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 24 },
  );
  if (status !== 0) throw new Error(`bench: the lab ended with status ${status} on ${kernel}`);
  return {
    kernel,
    modes: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Measured),
  };
}

const NAMES: Readonly<Record<string, string>> = {
  off: 'no tracing',
  empty: 'an empty program on every function',
  streamed: 'skbtracer, `udp port 5001`, every hop streamed',
  'other-protocol': 'skbtracer, `udp port 5001`: another protocol',
  'other-port': 'skbtracer, `tcp port 5002`: another port',
  pwru: 'pwru, `udp port 5001`',
  'pwru-other-protocol': 'pwru, `udp port 5001`: another protocol',
};

const thousands = (value: number | undefined): string =>
  value === undefined ? '–' : (value / 1000).toFixed(1);

function table({ kernel, modes }: Run): string {
  const off = modes.find(({ mode }) => mode === 'off');
  const rows = modes.map(({ mode, perDatagram, streamBits, delivered, lost }) => {
    const added =
      perDatagram === undefined || off?.perDatagram === undefined ? undefined : perDatagram - off.perDatagram;
    const ratio =
      streamBits === undefined || off?.streamBits === undefined
        ? '–'
        : (streamBits / off.streamBits).toFixed(2);
    const told =
      delivered === undefined ? '–' : `${delivered.toLocaleString('en-GB')}${lost ? `, ${lost} lost` : ''}`;
    return `| ${NAMES[mode] ?? mode} | ${thousands(perDatagram)} | ${mode === 'off' ? '–' : thousands(added)} | ${ratio} | ${told} |`;
  });
  return [
    `### Linux ${kernel}`,
    '',
    '| | thousand instructions a datagram | added | TCP stream, of no tracing’s | records of the 330 datagrams |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const runs = KERNELS.filter((kernel) => only === undefined || kernel === only).map(measure);
const tables = runs.map(table).join('\n\n');
console.log(tables);
if (only === undefined) {
  mkdirSync(join(ROOT, 'bench', 'results'), { recursive: true });
  writeFileSync(join(ROOT, 'bench', 'results', 'cost.json'), `${JSON.stringify(runs, null, 2)}\n`);
  const file = join(ROOT, 'docs', 'performance-engine.md');
  const [before, rest = ''] = readFileSync(file, 'utf8').split('<!-- cost -->\n');
  const after = rest.split('<!-- end of cost -->\n')[1] ?? '';
  writeFileSync(file, `${before}<!-- cost -->\n${tables}\n<!-- end of cost -->\n${after}`);
}
