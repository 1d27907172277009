/**
 * Boots each kernel of the lab, has start.ts measure in it, and writes bench/results/start.json and the table in
 * docs/performance-engine.md. With `--kernel SERIES` only that one, and writes nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernelsOf } from './kernels.ts';
import type { StartFigures, StartRun } from './start-figures.ts';

const ROOT = join(import.meta.dirname, '..');
const RESULTS = join(ROOT, 'bench', 'results', 'start.json');
const PAGE = join(ROOT, 'docs', 'performance-engine.md');
const READY_MS = 1500;
const STOPPED_MS = 1000;

const { values } = parseArgs({
  options: { kernel: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});

const figures = kernelsOf(values.kernel).map(measure);
console.log(table(figures));
if (values.kernel === undefined) {
  writeFileSync(RESULTS, `${JSON.stringify({ ...machine(), kernels: figures }, null, 2)}\n`);
  const begin = '<!-- figures: start -->';
  const end = '<!-- end of figures: start -->';
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(begin);
  const [, behind = ''] = rest.split(end);
  writeFileSync(PAGE, `${before}${begin}\n${table(figures)}\n${end}${behind}`);
}

function measure(kernel: string): StartFigures {
  console.error(`bench: ${kernel}`);
  const lab = [join(ROOT, 'dist', 'lab.mjs'), '--kernel', kernel, '--net', '--'];
  const inside = [process.execPath, join(ROOT, 'dist', 'bench-start.mjs'), values.rounds];
  const { status, stdout } = spawnSync(process.execPath, [...lab, ...inside], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 24,
  });
  if (status !== 0) throw new Error(`the lab with ${kernel} ended with status ${status}`);
  return JSON.parse(stdout);
}

function machine() {
  return { node: process.version, cpus: cpus().length, load: Number((loadavg()[0] ?? 0).toFixed(1)) };
}

function table(kernels: readonly StartFigures[]): string {
  const { node, cpus: count, load } = machine();
  const lines = [
    `Node ${node}, ${count} cores, load ${load} at the end; the middle of ${values.rounds} runs each.`,
    '',
    '| kernel | group | probes | ready, cold | ready, warm | stopped | exit | no probe left |',
    '|---|---|---|---|---|---|---|---|',
  ];
  for (const { kernel, groups } of kernels)
    for (const group of ['default', 'all'] as const) {
      const { cold, warm } = groups[group];
      const both = [...cold, ...warm];
      const target = group === 'all' && kernel.startsWith('6.12') ? READY_MS : undefined;
      lines.push(
        `| ${[
          kernel,
          group,
          middle(both, 'probes'),
          seconds(middle(cold, 'readyMs')),
          seconds(middle(warm, 'readyMs'), target),
          seconds(middle(both, 'stoppedMs'), STOPPED_MS),
          seconds(middle(both, 'exitMs')),
          both.some(({ left }) => left > 0) ? '**some are left**' : seconds(middle(both, 'goneMs')),
        ].join(' | ')} |`,
      );
    }
  return lines.join('\n');
}

function middle(runs: readonly StartRun[], field: keyof StartRun): number {
  const sorted = runs.map((run) => run[field]).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function seconds(ms: number, target?: number): string {
  const text = `${(ms / 1000).toFixed(2)} s`;
  if (target === undefined) return text;
  return ms <= target ? `${text} (≤ ${target / 1000} s: met)` : `${text} (≤ ${target / 1000} s: **missed**)`;
}
