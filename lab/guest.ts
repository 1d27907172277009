/** What the guest finds in its initramfs: the kernel's part, and behind it what belongs to this run alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpio } from './cpio.ts';
import type { Kernel } from './kernels.ts';
import type { LabOptions } from './options.ts';

/** Of the caller's environment, what the command gets. */
const ENVIRONMENT = /^(CI|TERM|TZ|NO_COLOR|FORCE_COLOR|SKBTRACER_\w+)$/;

/** Where the guest sees the folder of `--keep`; without that flag, a folder that goes with the VM. */
export const EXCHANGE = '/run/lab/exchange';

export interface Caller {
  /** Root of the checkout, where lab/ is. */
  readonly root: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Size of the terminal, for a shell; absent: the command's streams are plain bytes. */
  readonly terminal?: { readonly rows: number; readonly columns: number };
}

/** The run's initramfs. `mark` ends what is written to the command's streams (see MarkedOutput). */
export function runInitrd(kernel: Kernel, options: LabOptions, caller: Caller, mark: string): Buffer {
  const port = (name: string) => (caller.terminal ? '/dev/hvc0' : `/dev/lab.${name}`);
  const settings = {
    MODULES: options.modules.join(' '),
    DIRECTORY: caller.directory,
    EXCHANGE,
    IS_KEPT: options.keep === undefined ? '' : 'yes',
    HAS_SYSTEMD: options.systemd ? 'yes' : '',
    MARK: mark,
    TTY_FLAG: caller.terminal ? '-c' : '',
    INPUT: port('stdin'),
    OUTPUT: port('stdout'),
    ERRORS: port('stderr'),
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}\n`);
  const script = (name: string) => readFileSync(join(caller.root, 'lab', 'guest', name));
  return Buffer.concat([
    readFileSync(kernel.initrd),
    cpio([
      { path: 'init', content: script('init'), executable: true },
      { path: 'lab/run', content: script('run'), executable: true },
      { path: 'lab/lab.service', content: script('lab.service') },
      { path: 'lab/settings', content: Buffer.from(text.join('')) },
      { path: 'lab/command', content: Buffer.from(commandScript(options, caller)) },
    ]),
  ]);
}

/** What bash runs in the guest: the caller's environment, the network, then the command instead of itself. */
export function commandScript(options: LabOptions, caller: Caller): string {
  const script = (name: string) => quote(join(caller.root, 'lab', 'net', name));
  const environment = Object.entries(caller.environment).filter(([name]) => ENVIRONMENT.test(name));
  return [
    ...environment.map(([name, value]) => `export ${name}=${quote(value ?? '')}`),
    `export SKBTRACER_LAB_DIR=${quote(EXCHANGE)}`,
    // nothing but the command may write to its stdout
    ...(options.net
      ? [
          `bash ${script('sample.sh')} < /dev/null > /run/lab/net.log 2>&1 || { cat /run/lab/net.log >&2; exit 125; }`,
        ]
      : []),
    ...(options.traffic ? [`bash ${script('traffic.sh')} < /dev/null > /run/lab/traffic.log 2>&1 &`] : []),
    `exec ${commandLine(options, caller)}`,
    '',
  ].join('\n');
}

function commandLine({ command }: LabOptions, { terminal }: Caller): string {
  if (command.length > 0) return command.map(quote).join(' ');
  if (terminal === undefined) return 'bash -s'; // a script on stdin
  return `bash -c 'stty rows ${terminal.rows} cols ${terminal.columns}; exec bash -i'`;
}

/** For a shell, whatever the word has in it. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
