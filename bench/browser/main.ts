/**
 * Runs the dashboard's benchmarks in Chromium and writes bench/results/browser.json and the table in
 * docs/performance.md. `npm run bench:browser` builds first and calls this; `-- flood graph` runs only these and writes
 * nothing, but with `--keep` puts their figures in place of the older ones. See docs/performance.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { ROOT } from '../../e2e/product.ts';
import * as cases from './cases.ts';
import { launch } from './page.ts';

/** All of it must be over by then. */
const LIMIT_MS = 6 * 60_000;
const GIANT_HOPS = 1_000_000;

type Empty = Awaited<ReturnType<typeof cases.emptyPage>>;
const CASES: Readonly<Record<string, (browser: Browser, empty: Empty) => Promise<cases.Figure[]>>> = {
  load: cases.firstLoad,
  million: cases.million,
  flood: cases.flood,
  clicks: cases.clicks,
  graph: cases.graph,
  giant: (browser, empty) => cases.giant(browser, empty, GIANT_HOPS),
  ten: async (browser) => [...(await cases.ten(browser)), ...(await cases.tenClients())],
  deaf: () => cases.deaf(60),
};

const words = process.argv.slice(2);
const keeps = words.includes('--keep');
const asked = words.filter((word) => word !== '--keep');
const unknown = asked.filter((name) => CASES[name] === undefined);
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}: ${Object.keys(CASES).join(' ')}`);
  process.exit(2);
}

const limit = setTimeout(() => {
  console.error('bench: not done in six minutes');
  process.exit(1);
}, LIMIT_MS);
const browser = await launch();
const figures: cases.Figure[] = [];
try {
  const empty = await cases.emptyPage(browser);
  figures.push(cases.emptyFigure(empty));
  for (const [name, run] of Object.entries(CASES)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    try {
      figures.push(...(await run(browser, empty)));
    } catch (error) {
      const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      figures.push({ what: name, measured: `did not run: ${why}`, target: '', isMet: false, data: null });
    }
    // pages that a failure left open
    for (const context of browser.contexts()) await context.close();
  }
} finally {
  await browser.close();
  clearTimeout(limit);
}

interface Kept {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly figures: readonly cases.Figure[];
}
const RESULTS = join(ROOT, 'bench', 'results', 'browser.json');
const sign = ({ isMet }: cases.Figure) => (isMet === undefined ? '–' : isMet ? 'met' : '**missed**');
const tableOf = (rows: readonly cases.Figure[]): string =>
  [
    '| what | measured | target | |',
    '|---|---|---|---|',
    ...rows.map((figure) => `| ${figure.what} | ${figure.measured} | ${figure.target} | ${sign(figure)} |`),
  ].join('\n');
console.log(tableOf(figures));

const run: Kept = {
  machine: {
    cores: cpus().length,
    load: loadavg()[0]?.toFixed(1),
    chromium: browser.version(),
    node: process.version,
    rendering: 'software, headless',
  },
  figures,
};
if (asked.length === 0) keep(run);
else if (keeps) keep(inPlaceOf(JSON.parse(readFileSync(RESULTS, 'utf8')) as Kept));

/** What was kept, with this run's figures where it has the same; an empty page's belong to the frames beside them. */
function inPlaceOf(before: Kept): Kept {
  const fresh = new Map(figures.filter(({ isMet }) => isMet !== undefined).map((one) => [one.what, one]));
  return { machine: before.machine, figures: before.figures.map((one) => fresh.get(one.what) ?? one) };
}

function keep({ machine, figures: rows }: Kept): void {
  mkdirSync(join(ROOT, 'bench', 'results'), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify({ machine, figures: rows }, null, 2)}\n`);
  const file = join(ROOT, 'docs', 'performance.md');
  const [before, rest = ''] = readFileSync(file, 'utf8').split('<!-- figures -->\n');
  const after = rest.split('<!-- end of figures -->\n')[1] ?? '';
  const said = `Chromium ${machine.chromium} (${machine.rendering}), Node ${machine.node}, ${machine.cores} cores, load ${machine.load} at the end.`;
  writeFileSync(
    file,
    `${before}<!-- figures -->\n${said}\n\n${tableOf(rows)}\n<!-- end of figures -->\n${after}`,
  );
}
process.exitCode = figures.some(({ measured }) => measured.startsWith('did not run')) ? 1 : 0;
