/**
 * `skbtracer doctor` on this kernel: well when nothing is missing, and what it says when something is taken away from it by
 * the kernel's own means. Whatever it says, it leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { CheckFailed, check, equal } from '../check.ts';
import { Running, run, tool, until } from '../network.ts';
import { BPFTOOL, CLI } from '../place.ts';
import type { Scenario } from '../scenario.ts';
import { kernelVersion } from '../trace.ts';

interface Report {
  readonly findings: readonly {
    readonly id: string;
    readonly state: 'ok' | 'limited' | 'missing';
    readonly found: string;
    readonly effect: string;
    readonly advice: string;
  }[];
  readonly selfTest: {
    readonly refused: string;
    readonly checks: readonly {
      readonly group: string;
      readonly name: string;
      readonly isOk: boolean;
      readonly expected: string;
      readonly seen: string;
    }[];
  };
  readonly isWell: boolean;
}

interface Said {
  readonly status: number | null;
  readonly stdout: string;
}

/** All that a doctor could leave behind, in the whole machine. */
function holdings() {
  const count = (what: string) => JSON.parse(run('', BPFTOOL, '-j', what, 'show')).length as number;
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return {
    programs: count('prog'),
    maps: count('map'),
    links: count('link'),
    kprobes: readFileSync('/sys/kernel/debug/kprobes/list', 'utf8').trim(),
    namespaces: new Set(processes.map(netnsOf).filter((netns) => netns !== '')).size,
    named: run('', 'ip', 'netns', 'list'),
    interfaces: run('', 'ip', '-o', 'link').split('\n').length,
    helpers: processes.map(commandOf).filter((command) => /datagram|agent\.mjs/.test(command)),
  };
}

const netnsOf = (pid: string): string => orNothing(() => readlinkSync(`/proc/${pid}/ns/net`));
const commandOf = (pid: string): string => orNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));

/** Of what may have gone away. */
function orNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** The kernel detaches probes in its own time; bpftool fails when what it lists goes away meanwhile. */
async function leavesNothing(use: () => Promise<void>): Promise<void> {
  // what was there before this may still be detached
  await until(() => orNothing(() => String(holdings().programs)) === '0', 'nothing of others is left');
  const before = JSON.stringify(holdings());
  await use();
  let now = '';
  try {
    await until(() => {
      now = orNothing(() => JSON.stringify(holdings()));
      return now === before;
    }, 'all is as it was');
  } catch (error) {
    throw error instanceof CheckFailed ? new CheckFailed(`${error.message}: ${before}; found ${now}`) : error;
  }
}

/** Runs a command to its end. */
function tell(...[program = '', ...args]: readonly string[]): Promise<Said> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return said(child);
}

function said(child: ChildProcess): Promise<Said> {
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, stdout })));
}

/** In a mount namespace of its own, behind these commands. */
const behind = (script: string): readonly string[] => [
  'unshare', '--mount', '--propagation', 'private', 'bash', '-euc', `${script}; exec "$@"`, 'bash',
]; // biome-ignore format: a command line

/** As root without these capabilities, and no program started from it gets them back. */
const without = (...names: readonly string[]): readonly string[] => {
  const dropped = names.map((name) => `-${name}`).join(',');
  return ['setpriv', '--inh-caps', dropped, '--bounding-set', dropped];
};

async function examine(...way: readonly string[]): Promise<Report & { readonly status: number | null }> {
  const { status, stdout } = await tell(...way, CLI, 'doctor', '--json');
  return { ...JSON.parse(stdout), status };
}

/** Last line of the doctor's text. */
async function verdict(...way: readonly string[]): Promise<string> {
  const { stdout } = await tell(...way, CLI, 'doctor');
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

interface Absence {
  readonly what: string;
  readonly way: readonly string[];
  /** The one finding that is missing, its words, and the advice. */
  readonly id: string;
  readonly found: RegExp;
  readonly advice: RegExp;
}

/** A thing without which nothing is traced: exactly that is told, with the advice, in one line, too. */
async function tellsAbsence({ way, id, found, advice }: Omit<Absence, 'what'>): Promise<void> {
  const { status, findings, selfTest, isWell } = await examine(...way);
  const missing = findings.filter(({ state }) => state === 'missing');
  equal(
    missing.map((finding) => finding.id),
    [id],
    'what is missing',
  );
  const [finding] = missing;
  check(finding !== undefined && found.test(finding.found), `it says ${found}`, finding);
  check(advice.test(finding.advice) && finding.effect !== '', `it advises ${advice}`, finding);
  equal([status, isWell, selfTest.checks.length], [1, false, 0], 'status, verdict, checks');
  check(
    selfTest.refused === `this kernel cannot be traced: ${finding.found}`,
    'the self-test says why it was not run',
    selfTest.refused,
  );
  const line = await verdict(...way);
  check(
    line.startsWith('Not well: ') && line.includes(finding.found) && line.includes(finding.advice),
    'one line says what is wrong and what to do',
    line,
  );
}

const ABSENCES: readonly Absence[] = [
  {
    what: 'BTF',
    way: behind('mount -t tmpfs none /sys/kernel/btf'),
    id: 'btf',
    found: /^BTF missing: this kernel has no usable \/sys\/kernel\/btf\/vmlinux/,
    advice: /CONFIG_DEBUG_INFO_BTF/,
  },
  {
    what: 'tracefs',
    way: behind('mount -t tmpfs none /sys/kernel/debug; umount /sys/kernel/tracing || mount -t tmpfs none /sys/kernel/tracing'),
    id: 'tracefs',
    found: /^tracefs is not mounted: there is no \/sys\/kernel\/tracing\/available_filter_functions/,
    advice: /mount -t tracefs tracefs \/sys\/kernel\/tracing/,
  },
  {
    what: 'CAP_PERFMON',
    way: without('perfmon', 'sys_admin'),
    id: 'root',
    found: /^CAP_PERFMON is missing: tracing needs both/,
    advice: /CAP_SYS_ADMIN, which has both/,
  },
  {
    what: 'CAP_BPF',
    way: without('bpf', 'sys_admin'),
    id: 'root',
    found: /^CAP_BPF is missing: tracing needs both/,
    advice: /CAP_SYS_ADMIN, which has both/,
  },
  {
    what: 'CAP_SYSLOG',
    way: without('syslog'),
    id: 'symbols',
    found: /^the kernel hides its addresses: CAP_SYSLOG is missing$/,
    advice: /with CAP_SYSLOG/,
  },
]; // biome-ignore format: a table

/** The tracer may do without, or not; the self-test cannot. */
const FOR_THE_SELF_TEST = [
  {
    name: 'net_admin', state: 'limited', effect: /self-test cannot run/,
    refused: /^ip cannot make a veth pair: .*Operation not permitted$/,
  },
  {
    name: 'net_raw', state: 'limited', effect: /self-test cannot run/,
    refused: /^cannot send4: raw socket: Operation not permitted$/,
  },
  {
    name: 'sys_admin', state: 'missing', effect: /^No capture starts: /,
    // 6.1 has no kprobe.multi, and Debian's perf gives single kprobes to CAP_SYS_ADMIN only
    refused: /^cannot make a network namespace of its own: Operation not permitted$|no kernel function can be probed: attach refused/,
  },
] as const; // biome-ignore format: a table

/** Every group of the self-test, and some of what is in each. */
const GROUPS = [
  'The capture',
  'UDP over IPv4 to an open port',
  'UDP over IPv4 to a closed port',
  'UDP over IPv6 to an open port',
  'UDP over IPv6 to a closed port',
];

export const doctor: readonly Scenario[] = [
  {
    name: 'the doctor finds nothing wrong: every field of known packets is as it was sent',
    run: () =>
      leavesNothing(async () => {
        const { status, findings, selfTest, isWell } = await examine();
        equal(selfTest.refused, '', 'why the self-test was not run');
        equal(
          selfTest.checks.filter(({ isOk }) => !isOk),
          [],
          'checks that failed',
        );
        equal([...new Set(selfTest.checks.map(({ group }) => group))], GROUPS, 'what was tested');
        check(selfTest.checks.length > 250, 'all fields of all packets', selfTest.checks.length);
        equal(
          findings.filter(({ state }) => state === 'missing'),
          [],
          'what is missing',
        );
        equal([status, isWell], [0, true], 'status and verdict');
        const isOld = kernelVersion().startsWith('6.1.');
        const limited = findings.filter(({ state }) => state === 'limited').map(({ id }) => id);
        equal(
          ['kprobeMulti', 'lookups'].map((id) => limited.includes(id)),
          [isOld, isOld],
          'what 6.1 lacks is told with its cost, and does not fail',
        );
        console.log(`  # ${selfTest.checks.length} checks, limits: ${limited.join(' ')}`);
      }),
  },
  ...ABSENCES.map(
    (absence): Scenario => ({
      name: `the doctor names what is wrong without ${absence.what}`,
      run: () => leavesNothing(() => tellsAbsence(absence)),
    }),
  ),
  {
    name: 'the doctor names what is wrong without the ring buffer type',
    run: () =>
      leavesNothing(async () => {
        const ringless = await Running.start('', tool('ringless'), `${tool('ringless')}.o`);
        try {
          await tellsAbsence({
            way: [],
            id: 'ringBuffer',
            found: /^no BPF ring buffer: Invalid argument \(errno 22\)/,
            advice: /Linux 5\.17 or later/,
          });
        } finally {
          await ringless.stop();
        }
      }),
  },
  {
    name: 'the doctor tells the capabilities that the self-test needs by their names, and why it was not run',
    run: () =>
      leavesNothing(async () => {
        for (const { name, state, effect, refused } of FOR_THE_SELF_TEST) {
          const { status, findings, selfTest } = await examine(...without(name));
          const finding = findings.find(({ id }) => id === `CAP_${name.toUpperCase()}`);
          equal(finding?.state, state, `CAP_${name.toUpperCase()}`);
          check(effect.test(finding?.effect ?? ''), `its cost: ${effect}`, finding);
          check(refused.test(selfTest.refused), `the self-test was not run: ${refused}`, selfTest.refused);
          equal(status, 1, 'status');
        }
      }),
  },
  {
    name: 'a doctor that is interrupted, or killed, leaves nothing behind',
    run: () =>
      leavesNothing(async () => {
        for (const signal of ['SIGINT', 'SIGKILL'] as const) {
          const child = spawn(CLI, ['doctor'], { stdio: ['ignore', 'pipe', 'inherit'] });
          const ended = said(child);
          await until(() => isTracing(), 'the capture of the self-test runs');
          child.kill(signal);
          const { status } = await ended;
          check(status !== 0, `it ends by ${signal}`, status);
        }
      }),
  },
];

/** Its programs are loaded, and both of its namespaces are there. */
const isTracing = (): boolean =>
  /"skbt_entry"/.test(run('', BPFTOOL, '-j', 'prog', 'show')) &&
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && /datagram/.test(commandOf(pid))).length === 2;
