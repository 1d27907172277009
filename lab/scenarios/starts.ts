/** What one start leaves to the next, and what is left when nobody finishes a stop. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { check, equal } from './check.ts';
import { holders, probes, untilDetached, untilGone } from './holders.ts';
import { ip, run, shell } from './network.ts';
import { CLI } from './place.ts';
import type { Scenario } from './scenario.ts';
import { inNamespace, trace } from './trace.ts';

const KEPT = '/run/skbtracer/kernel';

/** Functions that one ping from web to db passes, of a few: each is a probe to attach. */
async function functionsOfPing(): Promise<readonly string[]> {
  const { lines, exitCode } = await trace({
    args: ['--stage', 'ip', '--stage', 'transport', '--keep', 'icmp[icmptype] = icmp-echo'],
    traffic: () => void inNamespace('web', 'ping', '-c1', '10.1.0.3'),
  });
  equal(exitCode, 0, 'status');
  const functions = new Set(lines.filter(({ kind }) => kind === 'hop').map(({ func }) => String(func)));
  // whether a neighbour is asked anew is a matter of time
  return [...functions].filter((name) => !/^_*neigh_/.test(name)).sort();
}

/** Another number for each time that it is written: a file takes the other's place. */
const fileId = (): number => statSync(KEPT).ino;

async function knownKernel(): Promise<void> {
  inNamespace('web', 'ping', '-c1', '10.1.0.3'); // neighbours are known from here on
  rmSync(KEPT, { force: true });
  const cold = await functionsOfPing();
  check(cold.length > 10, 'functions of a ping', cold);
  equal(statSync(KEPT).mode & 0o777, 0o600, 'mode of what is kept');
  const kept = fileId();
  equal(await functionsOfPing(), cold, 'functions when the kernel is known');
  equal(fileId(), kept, 'what is kept is not written again');

  const bytes = readFileSync(KEPT);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  writeFileSync(KEPT, bytes);
  equal(await functionsOfPing(), cold, 'functions when what is kept is damaged');
  check(fileId() !== kept, 'what was damaged is written again');

  execFileSync('chown', ['nobody', KEPT]);
  const foreign = fileId();
  equal(await functionsOfPing(), cold, "functions when what is kept is somebody else's");
  check(fileId() !== foreign, "what was somebody else's is written again");
  equal(statSync(KEPT).uid, 0, 'whose it is then');
}

const listed = (): readonly string[] =>
  execFileSync(CLI, ['functions', '--json'], { encoding: 'utf8', maxBuffer: 1 << 24 })
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly name: string }).name);

/** Until the capture's probes on it are detached, it is in use. */
const REMOVE = 'modprobe -r -w 60000 dummy';

async function newModule(): Promise<void> {
  shell('', 'modprobe -r dummy');
  check(!listed().includes('dummy_xmit'), 'a module that is not loaded has no functions');
  shell('', 'modprobe dummy numdummies=0');
  try {
    ip('', 'link add dummy79 type dummy', 'addr add 10.79.0.1/24 dev dummy79', 'link set dummy79 up');
    const { lines } = await trace({
      args: ['--module', 'dummy', '--stage', 'ip', 'udp port 7130'],
      traffic: () => void run('', 'bash', '-c', 'echo x > /dev/udp/10.79.0.2/7130'),
    });
    const functions = lines.filter(({ kind }) => kind === 'hop').map(({ func }) => func);
    check(functions.includes('dummy_xmit'), 'a function of the new module', functions);
  } finally {
    shell('', 'ip link del dummy79', REMOVE);
  }
  check(!listed().includes('dummy_xmit'), 'a module that is gone has no functions');
}

async function killedDetaching(): Promise<void> {
  await untilDetached();
  await trace({ args: ['udp port 9'], traffic: () => check(probes() > 0, 'probes') });
  const [detaching, ...others] = holders();
  check(detaching !== undefined && others.length === 0, 'one process detaches', { detaching, others });
  process.kill(detaching, 'SIGKILL');
  // the kernel closes what it held before it is gone
  await untilGone(() => !existsSync(`/proc/${detaching}`), 'it is gone');
  equal(probes(), 0, 'probes that are left');
}

export const starts: readonly Scenario[] = [
  {
    name: 'a second start knows the kernel and traces the same; what is damaged or of others is found out anew',
    run: knownKernel,
  },
  { name: 'a module that is loaded between two starts is seen, and so is that it is gone', run: newModule },
  { name: 'no probe is left when the process that detaches is killed', run: killedDetaching },
];
