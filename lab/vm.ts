/** One run of the VM: QEMU with the command's streams on ports of their own, and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpio } from './cpio.ts';
import type { Kernel } from './kernels.ts';
import type { LabOptions } from './options.ts';
import { MarkedOutput } from './output.ts';

/** The VM did not get as far as running the command, or died under it. */
export const STATUS_DIED = 125;
export const STATUS_TIMEOUT = 124;
const CONSOLE_LINES = 25;

/** Of the caller's environment, what the command gets. */
const ENVIRONMENT = /^(CI|TERM|TZ|NO_COLOR|FORCE_COLOR|SKBTRACER_\w+)$/;

export interface Run {
  readonly options: LabOptions;
  readonly kernel: Kernel;
  /** Root of the checkout, where lab/ is. */
  readonly root: string;
}

/** Boots, runs the command with this process's streams, and resolves to the exit status. */
export async function runVm({ options, kernel, root }: Run): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-lab-'));
  const servers: Server[] = [];
  let qemu: ChildProcess | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    qemu?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  try {
    const isShell = options.command.length === 0;
    const mark = randomBytes(16).toString('hex');
    writeFileSync(join(folder, 'initrd'), initrd(kernel, options, root, mark));
    const port = async (name: string, take: (socket: Socket) => void) => {
      servers.push(await listen(join(folder, name), take));
    };
    const out = new MarkedOutput(1, mark);
    const err = new MarkedOutput(2, mark);
    let tell: (status: number) => void = () => undefined;
    const told = new Promise<number>((resolve) => {
      tell = resolve;
    });
    if (isShell) await port('tty', (socket) => joinTerminal(socket, out));
    else {
      await port('stdin', (socket) => {
        process.stdin.pipe(socket);
      });
      await port('stdout', (socket) => out.take(socket));
      await port('stderr', (socket) => err.take(socket));
    }
    await port('status', (socket) => {
      socket.once('data', (text) => tell(Number.parseInt(text.toString(), 10)));
    });
    qemu = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...qemuArguments(folder, kernel, options, isShell)],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        // the terminal's Ctrl-C is for the command line that runs us
        detached: true,
      },
    );
    const machine = qemu;
    let words = '';
    machine.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-2000);
    });
    const died = new Promise<'died'>((resolve) => {
      machine.once('exit', () => resolve('died'));
      machine.once('error', (error) => {
        words += error.message;
        resolve('died');
      });
    });
    const finished = Promise.all([told, out.ended, isShell ? undefined : err.ended]).then(
      ([status]) => status,
    );
    const how = await Promise.race([finished, died, timeout(options.timeoutSeconds)]);
    if (typeof how === 'number') return how;
    if (how === 'timeout') {
      console.error(`lab: no end after ${options.timeoutSeconds} s`);
      return STATUS_TIMEOUT;
    }
    console.error(`lab: the VM ended without an exit status. ${words.trim()}\n${consoleTail(folder)}`);
    return STATUS_DIED;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
    qemu?.kill('SIGKILL');
    for (const server of servers) server.close();
    process.stdin.unref?.();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The kernel's part, with what is this run's behind it. */
function initrd(kernel: Kernel, options: LabOptions, root: string, mark: string): Buffer {
  const isShell = options.command.length === 0;
  const port = (name: string) => (isShell ? '/dev/hvc0' : `/dev/lab.${name}`);
  const settings = {
    MODULES_ROOT: kernel.modulesRoot,
    MODULES: options.modules.join(' '),
    DIRECTORY: process.cwd(),
    MARK: mark,
    TTY_FLAG: isShell ? '-c' : '',
    INPUT: port('stdin'),
    OUTPUT: port('stdout'),
    ERRORS: port('stderr'),
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}\n`);
  const guest = join(root, 'lab', 'guest');
  return Buffer.concat([
    readFileSync(kernel.initrd),
    cpio([
      { path: 'init', content: readFileSync(join(guest, 'init')), executable: true },
      { path: 'lab/run', content: readFileSync(join(guest, 'run')), executable: true },
      { path: 'lab/settings', content: Buffer.from(text.join('')) },
      { path: 'lab/command', content: Buffer.from(commandScript(options, root)) },
    ]),
  ]);
}

function commandScript({ net, traffic, command }: LabOptions, root: string): string {
  const script = (name: string) => quote(join(root, 'lab', 'net', name));
  const environment = Object.entries(process.env).filter(([name]) => ENVIRONMENT.test(name));
  return [
    ...environment.map(([name, value]) => `export ${name}=${quote(value ?? '')}`),
    // nothing but the command may write to its streams
    ...(net
      ? [`bash ${script('sample.sh')} > /run/lab/net.log 2>&1 || { cat /run/lab/net.log >&2; exit 125; }`]
      : []),
    ...(traffic ? [`bash ${script('traffic.sh')} < /dev/null > /run/lab/traffic.log 2>&1 &`] : []),
    command.length === 0
      ? `stty rows ${process.stdout.rows ?? 24} cols ${process.stdout.columns ?? 80}; exec bash -i`
      : `exec ${command.map(quote).join(' ')}`,
    '',
  ].join('\n');
}

function qemuArguments(folder: string, kernel: Kernel, options: LabOptions, isShell: boolean): string[] {
  const socket = (name: string) => ['-chardev', `socket,id=${name},path=${join(folder, name)}`];
  const port = (name: string) => [
    ...socket(name),
    '-device',
    `virtserialport,chardev=${name},name=lab.${name}`,
  ];
  const forwards = options.forwards
    .map(({ host, guest }) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`)
    .join('');
  return [
    '-name', 'skbtracer-lab', '-machine', 'pc', '-cpu', 'max',
    // thread=multi breaks live patching of kernel text, which is what attaching a probe does
    '-accel', 'tcg,thread=single,tb-size=512',
    ...(options.counted ? ['-icount', 'shift=0,sleep=off'] : []),
    '-smp', String(options.cpus), '-m', String(options.memoryMb),
    '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
    '-kernel', kernel.vmlinux, '-initrd', join(folder, 'initrd'),
    '-append',
    'console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on cryptomgr.notests 8250.nr_uarts=1 ' +
      'tsc=reliable no_timer_check net.ifnames=0 audit=0 apparmor=0 selinux=0',
    '-serial', `file:${join(folder, 'console')}`,
    '-device', 'virtio-serial-pci',
    ...(isShell ? [...socket('tty'), '-device', 'virtconsole,chardev=tty'] : ['stdin', 'stdout', 'stderr'].flatMap(port)),
    ...port('status'),
    '-fsdev', 'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap',
    '-device', 'virtio-9p-pci,fsdev=root,mount_tag=hostroot',
    // restricted: nothing leaves the VM; only forwarded ports come in
    '-netdev', `user,id=net,restrict=on${forwards}`,
    '-device', 'virtio-net-pci,netdev=net,romfile=',
  ]; // biome-ignore format: a command line
}

function listen(path: string, take: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy()); // QEMU went away: its exit says more
      take(socket);
    });
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

function joinTerminal(socket: Socket, out: MarkedOutput): void {
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.pipe(socket);
  out.take(socket);
  out.ended.finally(() => process.stdin.isTTY && process.stdin.setRawMode(false));
}

function timeout(seconds: number): Promise<'timeout'> {
  return new Promise((resolve) => {
    if (seconds > 0) setTimeout(() => resolve('timeout'), seconds * 1000).unref();
  });
}

function consoleTail(folder: string): string {
  try {
    const lines = readFileSync(join(folder, 'console'), 'utf8').trim().split('\n');
    return lines.slice(-CONSOLE_LINES).join('\n');
  } catch {
    return '(its console is empty)';
  }
}

/** For a shell, whatever the word has in it. */
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
