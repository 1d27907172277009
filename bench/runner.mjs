/** What the benchmarks' commands share: build, bundle, run, and leave only the figures behind. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Runs a command at the root of the tree; its exit status, null when it could not be started. */
export const run = (command, words, options = {}) =>
  spawnSync(command, words, { cwd: root, stdio: 'inherit', ...options }).status;

/**
 * Builds what is older than its sources, bundles `entries` (path without `.ts` -> name in dist), runs the one called
 * `main` with the words of the command line, and ends with its status. `prepare` makes `others`, files of dist, too.
 */
export async function runBenchmark({ entries, main, others = [], prepare = () => 0 }) {
  if (run('bash', [join(root, 'scripts', 'build')]) !== 0 || prepare() !== 0) process.exit(1);
  await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([path, out]) => ({ in: `${path}.ts`, out })),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const status = run(process.execPath, [`dist/${main}.mjs`, ...process.argv.slice(2)]);
  // the figures are a file of the tree, which the checks look at
  run('npx', ['--no-install', 'biome', 'format', '--write', 'bench/results'], { stdio: 'ignore' });
  for (const file of [...Object.values(entries).map((name) => `${name}.mjs`), ...others])
    rmSync(join(root, 'dist', file), { force: true });
  process.exit(status ?? 1);
}
