/**
 * Boots the lab, has soak.ts load it for two hours, and says how memory went: what it was in the middle of the second
 * quarter and of the last. Ends with status 1 where something grew by more than a twentieth, or what is counted did not
 * stay. Writes bench/results/soak.json and the table in docs/performance-engine.md; with --minutes or --kernel, nothing.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { kernelsOf } from './kernels.ts';
import type { SoakSample } from './soak-figures.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs', 'performance-engine.md');
const MINUTES = 120;
const GROWTH = 0.05;
/** To start, and for a machine that is slow. */
const SPARE_SECONDS = 1800;

const { values } = parseArgs({ options: { minutes: { type: 'string' }, kernel: { type: 'string' } } });
const minutes = Number(values.minutes ?? MINUTES);
if (!Number.isInteger(minutes) || minutes < 8) {
  console.error('bench: --minutes is a whole number from 8 on');
  process.exit(2);
}
const [kernel = ''] = kernelsOf(values.kernel);

const samples = await soak();
const quarter = Math.floor(samples.length / 4);
const early = samples.slice(quarter, 2 * quarter);
const late = samples.slice(3 * quarter);
const last = samples.at(-1);
if (last === undefined || samples.length < minutes) {
  console.error(`bench: the lab told ${samples.length} minutes of ${minutes}`);
  process.exit(1);
}

const middle = (some: readonly SoakSample[], key: keyof SoakSample): number =>
  some.map((one) => one[key]).sort((a, b) => a - b)[some.length >> 1] ?? Number.NaN;

const MEMORY = {
  agent: 'agent',
  server: 'server',
  maps: 'eBPF maps',
  kernel: 'kernel: slab, vmalloc, per CPU',
} as const;
const COUNTS = {
  mapCount: 'eBPF maps',
  programs: 'programs',
  links: 'links',
  descriptors: 'descriptors of the agent',
} as const;

const memory = Object.entries(MEMORY).map(([key, name]) => row(name, key as keyof typeof MEMORY));
const counts = Object.entries(COUNTS).map(([key, name]) => row(name, key as keyof typeof COUNTS));
const table = [
  `Linux ${kernel}, ${minutes} minutes, all functions: ${last.events.toLocaleString('en-GB')} events of ${last.packets.toLocaleString('en-GB')} packets, ${last.lost.toLocaleString('en-GB')} lost; other functions were probed ${last.switches} times, the filter was exchanged ${last.exchanges} times.`,
  '',
  '| | second quarter | last quarter | |',
  '|---|---|---|---|',
  ...memory.map(
    ({ name, before, after, growth }) =>
      `| ${name} | ${mebibytes(before)} | ${mebibytes(after)} | ${percent(growth)} |`,
  ),
  ...counts.map(({ name, before, after }) => `| ${name} | ${before} | ${after} | |`),
].join('\n');
console.log(table);

if (values.minutes === undefined && values.kernel === undefined) {
  writeFileSync(
    join(ROOT, 'bench', 'results', 'soak.json'),
    `${JSON.stringify({ kernel, samples }, null, 2)}\n`,
  );
  const begin = '<!-- figures: soak -->';
  const end = '<!-- end of figures: soak -->';
  const [before = '', rest = ''] = readFileSync(PAGE, 'utf8').split(begin);
  const [, behind = ''] = rest.split(end);
  writeFileSync(PAGE, `${before}${begin}\n${table}\n${end}${behind}`);
}

const grown = [
  ...memory.filter(({ growth }) => growth > GROWTH),
  ...counts.filter(({ before, after }) => after > before),
];
for (const { name, before, after } of grown) console.error(`bench: ${name} went from ${before} to ${after}`);
process.exit(grown.length > 0 ? 1 : 0);

function row(name: string, key: keyof SoakSample) {
  const before = middle(early, key);
  const after = middle(late, key);
  return { name, before, after, growth: after / before - 1 };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function percent(part: number): string {
  return `${part < 0 ? '−' : '+'}${Math.abs(part * 100).toFixed(1)} %`;
}

async function soak(): Promise<SoakSample[]> {
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'dist', 'lab.mjs'),
      ...[
        '--kernel',
        kernel,
        '--net',
        '--memory',
        '3072',
        '--timeout',
        String(minutes * 60 + SPARE_SECONDS),
        '--',
      ],
      ...[process.execPath, join(ROOT, 'dist', 'bench-soak.mjs'), String(minutes)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const all: SoakSample[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    console.error(line);
    if (line.startsWith('{')) all.push(JSON.parse(line));
  }
  return all;
}
