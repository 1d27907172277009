/** Where things are: in the checkout, or the installed package, that this code, source or bundle, belongs to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = findRoot(import.meta.dirname);
export const AGENT = join(ROOT, 'dist', 'agent.mjs');
/** One end of the doctor's self-test; native/selftest/datagram.c. */
export const DATAGRAM = join(ROOT, 'native', 'build', 'Release', 'datagram');
export const CLI = join(ROOT, 'dist', 'cli.mjs');
export const LAB = join(ROOT, 'dist', 'lab.mjs');

/** The lab is of a checkout alone: a VM, its kernels and a compiler are no part of the packages. */
export const hasLab = (): boolean => existsSync(LAB);
export const NO_LAB =
  'the lab is not in this package: it is in a checkout of skbtracer (npm run lab), and traces a VM there';

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'skbtracer')
      return folder;
    if (folder === dirname(folder))
      throw new Error(`${from} is neither in a checkout of skbtracer nor in its package`);
  }
}
