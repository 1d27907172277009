/**
 * `npm run bench:cost`: what tracing costs, in counted time, on the lab's kernels (cost.ts runs inside). Builds what is
 * older than its sources. `-- --kernel 6.12` only that one, and writes nothing; PWRU=/path/to/pwru measures that, too.
 */
import { spawnSync } from 'node:child_process';
import { run, runBenchmark } from '../runner.mjs';

const EMPTY = 'bench-empty';

function compileEmpty() {
  const libbpf = spawnSync('pkg-config', ['--cflags', '--libs', 'libbpf'], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/);
  return run('cc', [
    '-O2', '-Wall', '-Wextra', '-Werror', '-o', `dist/${EMPTY}`, 'bench/lab/empty.c', ...libbpf,
  ]); // biome-ignore format: an argument list
}

await runBenchmark({
  entries: { 'bench/lab/cost': 'bench-cost', 'bench/lab/main': 'bench-lab' },
  main: 'bench-lab',
  others: [EMPTY],
  prepare: compileEmpty,
});
