/** Where the checkout is, from a bundle in dist/. */
import { dirname, join } from 'node:path';

export const ROOT = dirname(import.meta.dirname);
/** The command line as users run it. */
export const CLI = join(ROOT, 'bin', 'skbtracer');
/** The one that works, where the system's may not. */
export const BPFTOOL = join(ROOT, 'dist', 'bpftool');
