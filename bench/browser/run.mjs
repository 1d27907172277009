/** `npm run bench:browser`: builds what is older than its sources, and runs the benchmarks (main.ts). */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');
const built = spawnSync('bash', [join(root, 'scripts', 'build')], { stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'bench/browser/main.ts', out: 'bench-browser' },
    { in: 'bench/browser/source.ts', out: 'bench-source' },
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
const { status } = spawnSync(
  process.execPath,
  [join(root, 'dist', 'bench-browser.mjs'), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
// the figures are a file of the tree, which the checks look at
spawnSync('npx', ['--no-install', 'biome', 'format', '--write', 'bench/results'], {
  cwd: root,
  stdio: 'ignore',
});
for (const name of ['bench-browser', 'bench-source'])
  rmSync(join(root, 'dist', `${name}.mjs`), { force: true });
process.exit(status ?? 1);
