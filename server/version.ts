import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './place.ts';

/** Of this skbtracer. */
export const productVersion = (): string =>
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
