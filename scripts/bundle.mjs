/**
 * Bundles everything that runs in Node into dist/: TypeScript in, one ES module per program out, packages left
 * outside. Node 20 reads no TypeScript, and a worker thread needs a file of its own.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Program in dist/ by its entry point. */
const PROGRAMS = {
  cli: 'server/cli/main.ts',
  server: 'server/main.ts',
  agent: 'server/agent/main.ts',
  'session.worker': 'server/session/worker.ts',
  lab: 'lab/main.ts',
  scenarios: 'lab/scenarios/main.ts',
};

const missing = Object.values(PROGRAMS).filter((entry) => !existsSync(join(root, entry)));
if (missing.length > 0) throw new Error(`no such entry point: ${missing.join(', ')}`);

await build({
  absWorkingDir: root,
  entryPoints: Object.entries(PROGRAMS).map(([out, entry]) => ({ out, in: entry })),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'linked',
  logLevel: 'warning',
});
