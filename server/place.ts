/** Where things are: the checkout that this code, source or bundle, belongs to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = findRoot(import.meta.dirname);
export const AGENT = join(ROOT, 'dist', 'agent.mjs');
/** One end of the doctor's self-test; native/selftest/datagram.c. */
export const DATAGRAM = join(ROOT, 'native', 'build', 'Release', 'datagram');
export const CLI = join(ROOT, 'dist', 'cli.mjs');
export const LAB = join(ROOT, 'dist', 'lab.mjs');

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'skbtracer')
      return folder;
    if (folder === dirname(folder)) throw new Error(`${from} is not inside a checkout of skbtracer`);
  }
}
