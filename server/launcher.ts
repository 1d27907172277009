/**
 * `skbtracer serve`: decides what is traced, starts the server without privileges and, where this host is
 * traced, the agent with them; keeps both going and takes both down.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { FreezeOrder } from '../core/messages/freezing.ts';
import { refusal } from '../core/model/capabilities.ts';
import { listenAddress, READY_LINE, type ServerConfig } from './config.ts';
import { readToken } from './http/token.ts';
import { openRecorded } from './import/open.ts';
import { chooseKeeping } from './keep-folder.ts';
import { AGENT, hasLab, NO_LAB } from './place.ts';
import { asUser, chooseUser, PrivilegesError, type User } from './privileges.ts';
import { RecordingError } from './recording/format.ts';
import { openForReading } from './recording/reader.ts';
import { hostCommand, spawnAgent } from './sources/local.ts';
import type { KeepLimits } from './store/limits.ts';

export interface ServeOptions {
  readonly source: 'auto' | 'host' | 'lab';
  readonly kernel: string;
  /** A recording's file, to be shown instead; undefined: what there is to capture. */
  readonly recording: string | undefined;
  readonly readyFile: string | undefined;
  /** Bytes of records that a session has in memory. */
  readonly memoryBytes: number;
  /** Where sessions are kept; undefined: where they usually are, null: nowhere. */
  readonly recordings: string | null | undefined;
  readonly limits: KeepLimits;
  /** What the end of a session is kept for; null: nothing is waited for. */
  readonly freeze: FreezeOrder | null;
}

const NOT_OF_RECORDINGS = { isOn: false, why: 'a recording is shown' } as const;
/** The agent is told to stop by then, whatever the server does; and it is waited for so long. */
const AGENT_MS = 4000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Runs until it is told to stop or the server dies. Resolves to the exit status. */
export async function serve(options: ServeOptions): Promise<number> {
  const address = listenAddress(process.env);
  if (typeof address === 'string') return complain(address);
  const shown = await chooseSource(options);
  if (typeof shown === 'string') return complain(shown);

  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-'));
  try {
    return await serveIn(folder, shown, address, options);
  } catch (error) {
    if (!(error instanceof PrivilegesError)) throw error;
    return complain(error.message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `folder` is where the agent and the server meet. */
async function serveIn(
  folder: string,
  shown: Shown,
  address: { readonly host: string; readonly port: number },
  options: ServeOptions,
): Promise<number> {
  const user = chooseUser();
  if (user !== undefined) shareFolder(folder, user);
  const socket = join(folder, 'agent');
  const token = readToken();
  const config: ServerConfig = {
    ...address,
    token,
    labReason: shown.labReason,
    memoryBytes: options.memoryBytes,
    keep: shown.kind === 'recording' ? NOT_OF_RECORDINGS : chooseKeeping(options, user),
    freeze: options.freeze,
    source: shown.kind === 'host' ? { kind: 'host', socket } : shown.source,
  };
  const recording = shown.kind === 'recording' ? shown.fd : undefined;
  const server = startServer(config, user, recording);
  if (recording !== undefined) closeSync(recording); // the server has its own
  let agent: KeptAgent | undefined;
  try {
    const ending = signalled();
    const isReady = await Promise.race([whenReady(server), ending, exited(server)]);
    if (isReady !== 'ready') return typeof isReady === 'number' ? isReady || 1 : 0;
    if (shown.kind === 'host') agent = keepAgent(socket);
    const isLocal = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(address.host);
    const host = isLocal ? 'localhost' : address.host.includes(':') ? `[${address.host}]` : address.host;
    console.log(`\n  http://${host}:${address.port}/?token=${token}\n`);
    if (options.readyFile !== undefined) writeFileSync(options.readyFile, '');
    const how = await Promise.race([ending, exited(server)]);
    if (typeof how !== 'number') return 0;
    return complain(`the server ended with status ${how}; everything is stopped`);
  } finally {
    // the server has the agent hand over what it has; one that hangs does not keep the agent tracing
    agent?.keepNoLonger();
    const late = setTimeout(() => agent?.stop(), AGENT_MS);
    server.stdin?.end();
    await exited(server);
    clearTimeout(late);
    await agent?.stop();
  }
}

/**
 * Gives it to the server, and lets us in by our group: where a service takes CAP_DAC_OVERRIDE from root there is no other
 * way to the server's socket.
 */
function shareFolder(folder: string, { uid }: User): void {
  chmodSync(folder, 0o770);
  try {
    chownSync(folder, uid, process.getgid?.() ?? 0);
  } catch (error) {
    throw new PrivilegesError(
      `the server cannot have a folder of its own: ${error instanceof Error ? error.message : error}; give CAP_CHOWN to this container or service`,
    );
  }
}

type Shown =
  | { readonly kind: 'host'; readonly labReason: '' }
  | { readonly kind: 'lab'; readonly labReason: string; readonly source: ServerConfig['source'] }
  | {
      readonly kind: 'recording';
      readonly labReason: '';
      readonly source: ServerConfig['source'];
      readonly fd: number;
    };

/** What is shown, or why that cannot be; says what it is. */
async function chooseSource(options: ServeOptions): Promise<Shown | string> {
  const { recording, kernel } = options;
  if (recording !== undefined) {
    const name = basename(recording);
    try {
      // looked at before anything is started, by whoever asked for it
      const known = await openRecorded(recording);
      await known.close();
      if (!known.isFile)
        return `cannot show ${recording}: it is a pipe, and a page goes back and forth (replay reads pipes)`;
      const fd = openForReading(recording);
      console.log(`Opening the recording ${name}.`);
      return { kind: 'recording', labReason: '', source: { kind: 'recording', name }, fd };
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
      return `cannot read ${recording}: ${error.message}`;
    }
  }
  const why = options.source === 'lab' ? '' : await whyNotThisHost();
  if (why !== '' && options.source === 'host') return `this host cannot be traced: ${why}`;
  if (options.source !== 'lab' && why === '') {
    console.log('Tracing this host.');
    return { kind: 'host', labReason: '' };
  }
  if (!hasLab()) return why === '' ? NO_LAB : `this host cannot be traced: ${why} (${NO_LAB})`;
  console.log(why === '' ? 'The lab was asked for.' : `This host cannot be traced: ${why}`);
  console.log('Opening the lab: a Linux kernel in a VM with a sample network.');
  return { kind: 'lab', labReason: why, source: { kind: 'lab', kernel } };
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

function startServer(
  config: ServerConfig,
  user: User | undefined,
  recording: number | undefined,
): ChildProcess {
  const [program = '', ...args] = asUser([process.execPath, '{root}/dist/server.mjs'], user);
  const server = spawn(program, args, {
    // RECORDING_FD is the fourth
    stdio: ['pipe', 'pipe', 'inherit', recording ?? 'ignore'],
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

interface KeptAgent {
  /** From now on one that ends is not started again. */
  keepNoLonger(): void;
  /** Resolves when it has ended, or does not in time: it goes on by itself then. */
  stop(): Promise<void>;
}

/** Starts the agent with our privileges, again whenever it is gone. */
function keepAgent(socket: string): KeptAgent {
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
  const keepNoLonger = () => {
    isOver = true;
    clearTimeout(timer);
  };
  return {
    keepNoLonger,
    async stop() {
      keepNoLonger();
      if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
      const ended = once(agent, 'exit');
      agent.kill('SIGTERM');
      await Promise.race([ended, wait(AGENT_MS, undefined, { ref: false })]);
    },
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
