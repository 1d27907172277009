/**
 * Boots the lab's kernels, in counted time and in ordinary time, has cost.ts measure in each, and writes
 * bench/results/cost.json and the tables in docs/performance-engine.md. `npm run bench:cost` builds first and calls this; see run.mjs for its flags.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Measured } from './figures.ts';
import { kernelsOf } from './kernels.ts';

const ROOT = dirname(import.meta.dirname);
const TIMEOUT_SECONDS = 3000;

const words = process.argv.slice(2);
const only = words.includes('--kernel') ? words[words.indexOf('--kernel') + 1] : undefined;
const kernels = kernelsOf(only);
const { PWRU } = process.env;
/** It needs kprobe.multi, which 6.1 has not. */
const pwruOn = (kernel: string) => (PWRU === undefined || kernel === '6.1' ? [] : ['--pwru', resolve(PWRU)]);

interface Run {
  readonly kernel: string;
  /** In counted time. */
  readonly modes: readonly Measured[];
  /** In ordinary time. */
  readonly ordinary: readonly Measured[];
}

const WARM_UP = 500;

const measure = (kernel: string): Run => ({
  kernel,
  modes: measureIn(kernel, ['--counted'], []),
  ordinary: measureIn(kernel, [], ['--ordinary']),
});

function measureIn(kernel: string, lab: readonly string[], flags: readonly string[]): Measured[] {
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'dist', 'lab.mjs'),
      ...['--kernel', kernel, ...lab, '--net', '--timeout', String(TIMEOUT_SECONDS), '--'],
      ...['node', 'dist/bench-cost.mjs', ...flags, ...pwruOn(kernel)],
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 24 },
  );
  if (status !== 0) throw new Error(`bench: the lab ended with status ${status} on ${kernel}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Measured);
}

const NAMES: Readonly<Record<string, string>> = {
  off: 'no tracing',
  empty: 'an empty program on every function',
  streamed: 'skbtracer, `udp port 5001`, every hop streamed',
  tail: 'skbtracer, `udp port 5001`, tail mode: none is dropped, none told',
  'other-protocol': 'skbtracer, `udp port 5001`: another protocol',
  'other-port': 'skbtracer, `tcp port 5002`: another port',
  pwru: 'pwru, `udp port 5001`',
  'pwru-other-protocol': 'pwru, `udp port 5001`: another protocol',
};

const thousands = (value: number | undefined): string =>
  value === undefined ? '–' : (value / 1000).toFixed(1);

const ratio = (one: number | undefined, of: number | undefined): string =>
  one === undefined || of === undefined ? '–' : (one / of).toFixed(2);

const told = ({ delivered, lost }: Measured): string =>
  delivered === undefined || Number.isNaN(delivered)
    ? '–'
    : `${delivered.toLocaleString('en-GB')}${lost ? `, ${lost.toLocaleString('en-GB')} lost` : ''}`;

function table({ kernel, modes, ordinary }: Run): string {
  const off = modes.find(({ mode }) => mode === 'off');
  const rows = modes.map((one) => {
    const { mode, perDatagram, streamBits } = one;
    const added =
      perDatagram === undefined || off?.perDatagram === undefined ? undefined : perDatagram - off.perDatagram;
    return `| ${[
      NAMES[mode] ?? mode,
      thousands(perDatagram),
      mode === 'off' ? '–' : thousands(added),
      ratio(streamBits, off?.streamBits),
      told(one),
    ].join(' | ')} |`;
  });
  const plain = ordinary.find(({ mode }) => mode === 'off');
  const rates = ordinary.map((one) => {
    const { mode, perSecond, streamBits } = one;
    return `| ${[
      NAMES[mode] ?? mode,
      perSecond === undefined ? '–' : Math.round(perSecond).toLocaleString('en-GB'),
      ratio(perSecond, plain?.perSecond),
      ratio(streamBits, plain?.streamBits),
      told(one),
    ].join(' | ')} |`;
  });
  return [
    `### Linux ${kernel}`,
    '',
    `| counted time | thousand instructions a datagram | added | TCP stream, of no tracing’s | records of the ${300 + WARM_UP} datagrams |`,
    '|---|---|---|---|---|',
    ...rows,
    '',
    `| ordinary time, two CPUs | datagrams a second | of no tracing’s | TCP stream, of no tracing’s | records of the ${1000 + WARM_UP} datagrams |`,
    '|---|---|---|---|---|',
    ...rates,
  ].join('\n');
}

const runs = kernels.map(measure);
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
