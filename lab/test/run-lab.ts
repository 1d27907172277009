/** Runs the lab as a person would, for its tests: dist/lab.mjs with its streams caught. */
import {
  type ChildProcessWithoutNullStreams,
  type SpawnOptionsWithoutStdio,
  spawn,
} from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CHECKOUT = dirname(dirname(import.meta.dirname));
/** The launcher; built by `npm run build`. */
export const LAB = join(CHECKOUT, 'dist', 'lab.mjs');

export interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export function startLab(
  args: readonly string[],
  options: SpawnOptionsWithoutStdio = {},
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [LAB, '--timeout', '120', ...args], { cwd: CHECKOUT, ...options });
}

/** Resolves when the lab has ended and its streams are read. */
export async function lab(
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
  options: SpawnOptionsWithoutStdio = {},
): Promise<Outcome> {
  const child = startLab(args, options);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes));
  child.stdin.on('error', () => undefined); // the command need not read it
  child.stdin.end(input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('close', (code) => resolve(code));
    child.once('error', reject);
  });
  return { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/** Process ids of the QEMUs that this process's descendants, past or present, run for the folder `keep`. */
export function machinesFor(keep: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes('skbtracer-lab') && words.some((word) => word.includes(keep));
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}
