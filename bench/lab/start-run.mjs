/**
 * `npm run bench:start`: how long traces take to start and stop, on the lab's kernels (start.ts runs inside). Builds
 * what is older than its sources. `-- --kernel 6.12` only that one, and writes nothing.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');
const run = (command, words, options = {}) =>
  spawnSync(command, words, { cwd: root, stdio: 'inherit', ...options });

if (run('bash', [join(root, 'scripts', 'build')]).status !== 0) process.exit(1);
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'bench/lab/start.ts', out: 'bench-start' },
    { in: 'bench/lab/start-main.ts', out: 'bench-start-main' },
  ],
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
const { status } = run(process.execPath, ['dist/bench-start-main.mjs', ...process.argv.slice(2)]);
// the figures are a file of the tree, which the checks look at
run('npx', ['--no-install', 'biome', 'format', '--write', 'bench/results'], { stdio: 'ignore' });
for (const name of ['bench-start', 'bench-start-main'])
  rmSync(join(root, 'dist', `${name}.mjs`), { force: true });
process.exit(status ?? 1);
