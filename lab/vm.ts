/** One run of the VM: QEMU with the command's streams on ports of their own, and how it ended. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsoleFile } from './console.ts';
import { type Caller, runInitrd } from './guest.ts';
import type { Kernel } from './kernels.ts';
import type { LabOptions } from './options.ts';
import { MarkedOutput, outputSink } from './output.ts';
import { joinTerminal, listen, readStatus } from './ports.ts';
import { qemuArguments } from './qemu.ts';

/** The VM did not get as far as running the command, or died under it. */
export const STATUS_DIED = 125;
export const STATUS_TIMEOUT = 124;
/** No one reads what the command prints: as a program that SIGPIPE ends. */
const STATUS_UNREAD = 128 + 13;
/** Of what QEMU itself says. */
const MAX_WORDS = 2000;

export interface Run {
  readonly options: LabOptions;
  readonly kernel: Kernel;
  readonly caller: Caller;
}

type End = { readonly status: number } | 'unread' | 'died' | 'timeout';

/** Boots, runs the command with this process's streams, and resolves to the exit status. */
export async function runVm({ options, kernel, caller }: Run): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-lab-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const consoleFile = new ConsoleFile(join(folder, 'console'));
  const servers: Server[] = [];
  const signal = firstSignal();
  let qemu: ReturnType<typeof startQemu> | undefined;
  try {
    if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
    const mark = randomBytes(16).toString('hex');
    writeFileSync(join(folder, 'initrd'), runInitrd(kernel, options, caller, mark));
    const ports = commandPorts(caller, mark);
    const status = new Promise<number>((resolve) => {
      ports.take.set('status', (socket) =>
        readStatus(socket, {
          up: () => {
            // everything is open by now: from here on even SIGKILL leaves no file behind
            consoleFile.open();
            removeFolder();
          },
          status: resolve,
        }),
      );
    });
    for (const [name, take] of ports.take) servers.push(await listen(join(folder, name), take));

    const hasTerminal = caller.terminal !== undefined;
    qemu = startQemu(qemuArguments({ folder, kernel, options, hasTerminal }));
    const finished = Promise.all([status, ...ports.ended]).then(([status]): End => ({ status }));
    const end = await Promise.race([
      finished,
      ...ports.ended.map((ended) => ended.then((isRead) => (isRead ? finished : 'unread'))),
      qemu.died,
      signal.came,
      timeout(options.timeoutSeconds),
    ]);
    if (typeof end === 'object') return end.status;
    if (end === 'unread') return STATUS_UNREAD;
    const why =
      end === 'timeout'
        ? `the command had not ended after ${options.timeoutSeconds} s`
        : `the VM ended without an exit status. ${qemu.words()}`;
    console.error(`lab: ${why}\n${consoleFile.keep(options.keep)}`);
    return end === 'timeout' ? STATUS_TIMEOUT : STATUS_DIED;
  } finally {
    qemu?.kill();
    await qemu?.died;
    signal.forget();
    if (caller.terminal) process.stdin.setRawMode(false);
    for (const server of servers) server.close();
    removeFolder();
  }
}

/** Who takes the connection of which port, and when the command's output has ended: true when it was read to its end. */
function commandPorts(caller: Caller, mark: string) {
  const out = new MarkedOutput(outputSink(1), mark);
  if (caller.terminal) {
    const take = new Map([['tty', (socket: Socket) => joinTerminal(socket, out)]]);
    return { take, ended: [out.ended] };
  }
  const err = new MarkedOutput(outputSink(2), mark);
  const take = new Map([
    // its end is passed on: the command reads end of file
    ['stdin', (socket: Socket) => void process.stdin.pipe(socket)],
    ['stdout', (socket: Socket) => out.take(socket)],
    ['stderr', (socket: Socket) => err.take(socket)],
  ]);
  return { take, ended: [out.ended, err.ended] };
}

function startQemu(args: readonly string[]) {
  // however this process ends, the machine goes with it
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // a terminal's Ctrl-C is for this process: it ends the machine itself
    detached: true,
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-MAX_WORDS);
  });
  const died = new Promise<End>((resolve) => {
    child.once('close', () => resolve('died'));
    child.once('error', (error) => {
      words += `${error.message} (npm run setup installs what is missing)`;
      resolve('died');
    });
  });
  return { kill: () => child.kill('SIGKILL'), died, words: () => words.trim() };
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that ends us ends the machine first; the status is as a shell gives it. */
function firstSignal() {
  const handlers: (() => void)[] = [];
  const came = new Promise<End>((resolve) => {
    for (const [name, number] of Object.entries(SIGNALS)) {
      const handler = () => resolve({ status: 128 + number });
      process.on(name, handler);
      handlers.push(() => process.off(name, handler));
    }
  });
  const forget = () => {
    for (const off of handlers) off();
  };
  return { came, forget };
}

function timeout(seconds: number): Promise<End> {
  return new Promise((resolve) => {
    if (seconds > 0) setTimeout(() => resolve('timeout'), seconds * 1000);
  });
}
