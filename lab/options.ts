/** The lab's command line. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface LabOptions {
  /** A series (`6.12`, `6.1`) or the path of a kernel image. */
  readonly kernel: string;
  /** Set up the sample network, and make its traffic go on. */
  readonly net: boolean;
  readonly traffic: boolean;
  readonly memoryMb: number;
  readonly cpus: number;
  /** Of the whole run; 0: none. */
  readonly timeoutSeconds: number;
  /** Port on 127.0.0.1 here → port in the guest. */
  readonly forwards: readonly { readonly host: number; readonly guest: number }[];
  readonly modules: readonly string[];
  /** Guest nanoseconds are guest instructions; one CPU. For costs. */
  readonly counted: boolean;
  /** Absolute path of a folder here that the guest writes to as $SKBTRACER_LAB_DIR. */
  readonly keep: string | undefined;
  /** Absolute path of the folder here that is the guest's root. */
  readonly root: string;
  /** The root's systemd is the guest's first process, and starts the command once its basic.target is reached. */
  readonly systemd: boolean;
  /** Only make the kernel ready, do not boot. */
  readonly prepare: boolean;
  /** Empty: a shell; or, when stdin is no terminal, the script on it. */
  readonly command: readonly string[];
}

export class UsageError extends Error {}

export const USAGE = `npm run lab -- [flags] [--] [command …]     a command, or a shell, as root in a VM with a real kernel

  --kernel 6.12|6.1|PATH  stock Debian kernel of that series, or a kernel image (6.12)
  --net                   with the sample network (lab/README.md); --traffic: and its traffic
  --memory MB, --cpus N   size of the VM (2048, 2)
  --timeout SECONDS       end with status 124 after that long
  --forward HOST:GUEST    a port of 127.0.0.1 here to one in the VM; may be given again
  --modules A,B           kernel modules to load first
  --counted               counted time: guest nanoseconds are guest instructions
  --keep DIR              a folder here that the command writes to as $SKBTRACER_LAB_DIR
  --root DIR              the VM's root is this folder, for reading only, instead of this host's
  --systemd               with that root's systemd as process 1
  --prepare               download and unpack the kernel, do not boot
The exit status is the command's; 124 is a timeout, 125 that the VM died without giving one.`;

/** Throws a UsageError with one line that says what is wrong. */
export function parseLabOptions(words: readonly string[]): LabOptions {
  const { values, positionals } = parse(words);
  const net = values.net === true || values.traffic === true;
  if (net && values.root !== undefined)
    throw new UsageError('--net is of this host’s root, where its scripts and programs are: not with --root');
  return {
    kernel: values.kernel ?? '6.12',
    net,
    traffic: values.traffic === true,
    memoryMb: wholeNumber('--memory', values.memory, 2048, 256, 1 << 20),
    cpus: values.counted === true ? 1 : wholeNumber('--cpus', values.cpus, 2, 1, 64),
    timeoutSeconds: wholeNumber('--timeout', values.timeout, 0, 1, 1e6),
    forwards: (values.forward ?? []).map(parseForward),
    modules: parseModules(values.modules ?? ''),
    counted: values.counted === true,
    keep: values.keep === undefined ? undefined : resolve(values.keep),
    root: resolve(values.root ?? '/'),
    systemd: values.systemd === true,
    prepare: values.prepare === true,
    command: positionals,
  };
}

function parse(words: readonly string[]) {
  // everything from the first word that is no flag on belongs to the command, its flags too
  const end = commandStart(words);
  try {
    const { values } = parseArgs({
      args: words.slice(0, end),
      options: {
        kernel: { type: 'string' },
        net: { type: 'boolean' },
        traffic: { type: 'boolean' },
        memory: { type: 'string' },
        cpus: { type: 'string' },
        timeout: { type: 'string' },
        forward: { type: 'string', multiple: true },
        modules: { type: 'string' },
        counted: { type: 'boolean' },
        keep: { type: 'string' },
        root: { type: 'string' },
        systemd: { type: 'boolean' },
        prepare: { type: 'boolean' },
      },
      strict: true,
    });
    const rest = words.slice(end);
    return { values, positionals: rest[0] === '--' ? rest.slice(1) : rest };
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error),
    );
  }
}

const WITH_VALUE = [
  '--kernel',
  '--memory',
  '--cpus',
  '--timeout',
  '--forward',
  '--modules',
  '--keep',
  '--root',
];

function commandStart(words: readonly string[]): number {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (word === '--' || !word.startsWith('-')) return i;
    if (WITH_VALUE.includes(word)) i += 1;
  }
  return words.length;
}

function wholeNumber(
  flag: string,
  text: string | undefined,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return otherwise;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max))
    throw new UsageError(`${flag} takes a whole number from ${min} to ${max}, not '${text}'`);
  return number;
}

function parseForward(text: string): { host: number; guest: number } {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  const [host, guest] = [Number(match?.[1]), Number(match?.[2])];
  if (!(host > 0 && host < 65536 && guest > 0 && guest < 65536))
    throw new UsageError(`--forward takes HOST:GUEST, two ports, not '${text}'`);
  return { host, guest };
}

function parseModules(text: string): string[] {
  const names = text.split(',').filter((name) => name !== '');
  const odd = names.find((name) => !/^[\w-]+$/.test(name));
  if (odd !== undefined) throw new UsageError(`--modules takes names separated by commas, not '${odd}'`);
  return names;
}
