/** The product's server on a generated session, and what it uses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Product, ROOT, startServer } from '../../e2e/product.ts';
import type { Plan } from './plan.ts';

export const serve = (plan: Plan): Promise<Product> =>
  startServer([process.execPath, join(ROOT, 'dist', 'bench-source.mjs'), JSON.stringify(plan)]);

/** Does work with a server on a session, and takes it down whatever comes of that. */
export async function withServer<T>(plan: Plan, work: (product: Product) => Promise<T>): Promise<T> {
  const product = await serve(plan);
  try {
    return await work(product);
  } finally {
    await product.stop();
  }
}

/** Resident memory in MiB. */
export function residentMiB({ process: child }: Product): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Seconds of CPU used so far, by all of its threads. */
export function cpuSeconds({ process: child }: Product): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const TICKS = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
