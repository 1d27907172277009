/** Starts the product as a user does, and takes it down again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FreezeOrder } from '../core/messages/freezing.ts';

export const ROOT = join(import.meta.dirname, '..');

export interface Product {
  readonly process: ChildProcess;
  /** With the token. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<number | null>;
}

/** `skbtracer serve` with the lab, once it has printed its address. */
export const startProduct = (): Promise<Product> => serve('--source', 'lab', '--recordings', 'off');

/** The same with a recording. */
export const serveRecording = (file: string): Promise<Product> => serve(file);

async function serve(...words: readonly string[]): Promise<Product> {
  const port = await freePort();
  const child = spawn(join(ROOT, 'bin', 'skbtracer'), ['serve', ...words], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  const url = await Promise.race([
    addressIn(child),
    exited.then((code) => Promise.reject(new Error(`serve ended with status ${code}`))),
  ]);
  return {
    process: child,
    url,
    port,
    async stop() {
      child.kill('SIGINT');
      return exited;
    },
  };
}

/**
 * The server alone, with a recorded capture in the place of an agent: the same picture every time. `doctor` is what
 * `skbtracer doctor --json` said (gzip), for who asks for the self-test.
 */
export const startReplay = (fixture: string, ...doctor: readonly [string?]): Promise<Product> =>
  startServer([
    process.execPath,
    join(ROOT, 'e2e', 'replay.mjs'),
    fixture,
    ...doctor.filter((file) => file !== undefined),
  ]);

export interface Kept {
  /** Of records in memory. */
  readonly memoryBytes?: number;
  /** Folder for recordings of its sessions; undefined: none are kept. */
  readonly recordings?: string;
  /** What is waited for from the start, to be kept. */
  readonly freeze?: FreezeOrder;
}

/** The server alone, with a program in the place of an agent that speaks the protocol on its standard streams. */
export async function startServer(
  command: readonly string[],
  { memoryBytes = 128 << 20, recordings, freeze }: Kept = {},
): Promise<Product> {
  const port = await freePort();
  const token = '0123456789abcdef0123456789abcdef';
  const home = mkdtempSync(join(tmpdir(), 'skbtracer-replay-'));
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'server.mjs')], {
    env: { ...process.env, NODE_ENV: 'production', HOME: home },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const config = {
    host: '127.0.0.1',
    port,
    token,
    labReason: '',
    memoryBytes,
    keep:
      recordings === undefined
        ? { isOn: false, why: 'a test' }
        : {
            isOn: true,
            folder: recordings,
            limits: { bytes: 2 ** 30, ageMs: 3_600_000, files: 10, tables: true },
          },
    freeze: freeze ?? null,
    source: { kind: 'program', command },
  };
  child.stdin.write(`${JSON.stringify(config)}\n`);
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  await Promise.race([
    readyLine(child),
    exited.then((code) => Promise.reject(new Error(`the server ended with status ${code}`))),
  ]);
  return {
    process: child,
    url: `http://localhost:${port}/?token=${token}`,
    port,
    async stop() {
      child.stdin.end();
      const code = await exited;
      rmSync(home, { recursive: true, force: true });
      return code;
    },
  };
}

async function addressIn(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('it printed no address');
}

function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === '{"ready":true}') resolve();
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
