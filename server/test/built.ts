import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../place.ts';

export interface Built {
  /** To be run by Node. */
  readonly program: string;
  remove(): void;
}

/** A program of ours as it is now, in a folder inside the checkout, so that packages are found. */
export async function built(entry: string): Promise<Built> {
  const name = entry.replaceAll(/\W/g, '-');
  const folder = join(ROOT, 'node_modules', '.cache', `skbtracer-${name}`, String(process.pid));
  await build({
    entryPoints: [{ in: join(ROOT, entry), out: 'program' }],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return {
    program: join(folder, 'program.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
