/**
 * `skbtracer serve`: decides what is traced, starts the server without privileges and, where this host is
 * traced, the agent with them; keeps both going and takes both down.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { refusal } from '../core/model/capabilities.ts';
import { listenAddress, READY_LINE, type ServerConfig } from './config.ts';
import { readToken } from './http/token.ts';
import { AGENT } from './place.ts';
import { asUser, chooseUser, type User } from './privileges.ts';
import { hostCommand, spawnAgent } from './sources/local.ts';

export interface ServeOptions {
  readonly source: 'auto' | 'host' | 'lab';
  readonly kernel: string;
  readonly readyFile: string | undefined;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Runs until it is told to stop or the server dies. Resolves to the exit status. */
export async function serve(options: ServeOptions): Promise<number> {
  const address = listenAddress(process.env);
  if (typeof address === 'string') return complain(address);
  const why = options.source === 'lab' ? '' : await whyNotThisHost();
  if (why !== '' && options.source === 'host') return complain(`this host cannot be traced: ${why}`);
  const isLab = options.source === 'lab' || why !== '';
  if (isLab) console.log(why === '' ? 'The lab was asked for.' : `This host cannot be traced: ${why}`);
  console.log(
    isLab ? 'Opening the lab: a Linux kernel in a VM with a sample network.' : 'Tracing this host.',
  );

  const user = chooseUser();
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-'));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const socket = join(folder, 'agent');
  const token = readToken();
  const config: ServerConfig = {
    ...address,
    token,
    labReason: why,
    source: isLab ? { kind: 'lab', kernel: options.kernel } : { kind: 'host', socket },
  };
  const server = startServer(config, user);
  let stopAgent: () => void = () => undefined;
  try {
    const ending = signalled();
    const isReady = await Promise.race([whenReady(server), ending, exited(server)]);
    if (isReady !== 'ready') return typeof isReady === 'number' ? isReady || 1 : 0;
    if (!isLab) stopAgent = keepAgent(socket);
    const isLocal = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(address.host);
    const host = isLocal ? 'localhost' : address.host.includes(':') ? `[${address.host}]` : address.host;
    console.log(`\n  http://${host}:${address.port}/?token=${token}\n`);
    if (options.readyFile !== undefined) writeFileSync(options.readyFile, '');
    const how = await Promise.race([ending, exited(server)]);
    if (typeof how !== 'number') return 0;
    return complain(`the server ended with status ${how}; everything is stopped`);
  } finally {
    stopAgent();
    server.stdin?.end();
    await exited(server);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** '' when this host can be traced, otherwise why not. The agent finds out, and is gone again. */
async function whyNotThisHost(): Promise<string> {
  if (process.platform !== 'linux') return `tracing needs Linux; this is ${process.platform}`;
  return new Promise((resolve) => {
    const agent = spawnAgent(hostCommand(), {
      message(message) {
        if (message.type !== 'hello') return;
        resolve(refusal(message.hello.capabilities) ?? '');
        agent.close();
      },
      batch: () => undefined,
      gone: (note) => resolve(note),
    });
  });
}

function startServer(config: ServerConfig, user: User | undefined): ChildProcess {
  const [program = '', ...args] = asUser([process.execPath, '{root}/dist/server.mjs'], user);
  const server = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // the terminal's Ctrl-C comes to us, who takes everything down in order
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      ...(user && { HOME: tmpdir() }),
    },
  });
  server.stdin?.on('error', () => undefined); // it died: its exit tells
  server.stdin?.write(`${JSON.stringify(config)}\n`);
  return server;
}

/** Starts the agent with our privileges, again whenever it is gone. The result ends that. */
function keepAgent(socket: string): () => void {
  let isOver = false;
  let waitMs = FIRST_WAIT_MS;
  let timer: NodeJS.Timeout | undefined;
  let agent: ChildProcess | undefined;
  const begin = () => {
    agent = spawn(process.execPath, [AGENT, '--kind', 'host', '--connect', socket], {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    agent.once('spawn', () => {
      waitMs = FIRST_WAIT_MS;
    });
    agent.once('exit', () => {
      if (isOver) return;
      timer = setTimeout(begin, waitMs);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    });
  };
  begin();
  return () => {
    isOver = true;
    clearTimeout(timer);
    agent?.kill('SIGTERM');
  };
}

function whenReady(server: ChildProcess): Promise<'ready'> {
  return new Promise((resolve) => {
    const { stdout } = server;
    if (stdout === null) return;
    // Next has things to say there, too; what is wrong goes to stderr
    createInterface({ input: stdout }).on('line', (line) => {
      if (line === READY_LINE) resolve('ready');
    });
  });
}

const exits = new WeakMap<ChildProcess, Promise<number>>();

/** The child's exit status; 1 when a signal ended it or it could not be started. */
function exited(child: ChildProcess): Promise<number> {
  const known = exits.get(child);
  if (known !== undefined) return known;
  const exit = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) => {
      console.error(`skbtracer: cannot start the server: ${error.message}`);
      resolve(1);
    });
  });
  exits.set(child, exit);
  return exit;
}

function signalled(): Promise<'stop'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve('stop'));
  });
}

function complain(message: string): number {
  console.error(`skbtracer: ${message}`);
  return 1;
}
