/**
 * `npm run bench:cost`: what tracing costs, in counted time, on the lab's kernels (cost.ts runs inside). Builds what is
 * older than its sources. `-- --kernel 6.12` only that one, and writes nothing; PWRU=/path/to/pwru measures that, too.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');
const run = (command, words, options = {}) =>
  spawnSync(command, words, { cwd: root, stdio: 'inherit', ...options });

if (run('bash', [join(root, 'scripts', 'build')]).status !== 0) process.exit(1);
const libbpf = spawnSync('pkg-config', ['--cflags', '--libs', 'libbpf'], { encoding: 'utf8' })
  .stdout.trim()
  .split(/\s+/);
const compiled = run('cc', [
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-o',
  'dist/bench-empty',
  'bench/lab/empty.c',
  ...libbpf,
]);
if (compiled.status !== 0) process.exit(1);
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'bench/lab/cost.ts', out: 'bench-cost' },
    { in: 'bench/lab/main.ts', out: 'bench-lab' },
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
const { status } = run(process.execPath, ['dist/bench-lab.mjs', ...process.argv.slice(2)]);
// the figures are a file of the tree, which the checks look at
run('npx', ['--no-install', 'biome', 'format', '--write', 'bench/results'], { stdio: 'ignore' });
for (const name of ['bench-cost.mjs', 'bench-lab.mjs', 'bench-empty'])
  rmSync(join(root, 'dist', name), { force: true });
process.exit(status ?? 1);
