/**
 * Bundles everything that runs in Node into dist/: TypeScript in, one ES module per program out. Node 20 reads no
 * TypeScript, and a worker thread needs a file of its own. valibot goes in, since what is read from one file starts sooner
 * than from eighty; all other packages stay outside.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Program in dist/ by its entry point. */
const PROGRAMS = {
  cli: 'server/cli/main.ts',
  server: 'server/main.ts',
  agent: 'server/agent/main.ts',
  'session.worker': 'server/session/worker.ts',
  'store.worker': 'server/store/worker.ts',
  'index.worker': 'server/store/index-worker.ts',
  'part-index.worker': 'server/store/part-index-worker.ts',
  lab: 'lab/main.ts',
  scenarios: 'lab/scenarios/main.ts',
};

const packages = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const missing = Object.values(PROGRAMS).filter((entry) => !existsSync(join(root, entry)));
if (missing.length > 0) throw new Error(`no such entry point: ${missing.join(', ')}`);

/** What is imported on demand is in a file of its own: only programs that start often have such. */
const IN_PARTS = ['cli'];
const entriesOf = (isChosen) =>
  Object.entries(PROGRAMS)
    .filter(([out]) => isChosen(IN_PARTS.includes(out)))
    .map(([out, entry]) => ({ out, in: entry }));

const options = {
  absWorkingDir: root,
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // the pages have socket.io-client in them, and the lab's scenarios speak as these do
  external: [...Object.keys(packages.dependencies).filter((name) => name !== 'valibot'), 'socket.io-client'],
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
};
const parts = join(root, 'dist', 'parts');
rmSync(parts, { recursive: true, force: true });
await build({ ...options, entryPoints: entriesOf((isInParts) => !isInParts) });
await build({
  ...options,
  entryPoints: entriesOf((isInParts) => isInParts),
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
});
