/**
 * The agent: the one process with kernel privileges. It loads the addon, traces, names what it traced, and
 * speaks frames on one stream; it ends when that does.
 *
 *   node dist/agent.mjs [--kind host|lab] [--connect SOCKET]
 */
import { cpus, hostname, release } from 'node:os';
import { parseArgs } from 'node:util';
import { nearest } from '../../core/base/nearest.ts';
import { fail, ok } from '../../core/base/result.ts';
import { Turns } from '../../core/base/turns.ts';
import { type FunctionInfo, SOURCE_PROTOCOL, type SourceRequest } from '../../core/messages/source.ts';
import { isOther } from '../../core/model/probes/plan.ts';
import { isProgram } from '../../core/model/programs.ts';
import { isDefaultFunction } from '../../core/model/waypoints.ts';
import { loadAddon, type MissingFunction, type NativeAddon } from '../../native/index.ts';
import { mark } from '../timing.ts';
import { asFailure, Capture, type ReadFunctions } from './capture.ts';
import { CgroupTable } from './cgroups.ts';
import { readFacts, readInTurn } from './facts.ts';
import { readHost, readPrivileges } from './host.ts';
import { cacheFolder, KernelCache } from './kernel-cache.ts';
import { findNamespaces, NamespaceTable } from './namespaces.ts';
import { Peer } from './peer.ts';
import { runSelfTest } from './self-test.ts';
import { socketStreams, standardStreams } from './streams.ts';
import { TopologyTable } from './topology.ts';

const NAMES_EVERY_MS = 2000;
/** Everything that is known already (interfaces, control groups) is looked at again every so many rounds. */
const ALL_EVERY = 5;

const { values } = parseArgs({
  options: { kind: { type: 'string', default: 'host' }, connect: { type: 'string' } },
});

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(`skbtracer agent: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);

async function main(): Promise<number> {
  const kind = values.kind;
  if (kind !== 'host' && kind !== 'lab') throw new Error(`--kind is host or lab, not '${kind}'`);
  mark('agent: modules loaded');
  const addon = loadAddon();
  mark('agent: addon loaded');
  const { input, output } = values.connect ? await socketStreams(values.connect) : standardStreams();
  const peer = new Peer(output);
  const uid = process.getuid?.() ?? -1;
  const cache = new KernelCache({ folder: cacheFolder(uid), uid, seals: addon });
  recallKernel(addon, cache);
  const remember = () => rememberKernel(addon, cache);
  let functions = listFunctions(addon);
  functions.catch(() => undefined); // told when a capture is asked for
  let key = presentKey(addon);
  const turns = new Turns();
  /** Those without an skb are looked for when they are wanted first. */
  const withOthers: ReadFunctions = (others) =>
    turns.take(async () => {
      watchFunctions().catch(complain);
      const there = await functions;
      const known = new Set(there.flatMap((one) => (isOther(one) && one.isGone !== true ? [one.name] : [])));
      if (others.every((name) => known.has(name))) return { functions: there, missing: [] };
      const missing = await addon.others(others);
      functions = listFunctions(addon);
      const now = await functions;
      if (now.length > there.length) peer.send({ type: 'functions', functions: [...now] });
      return { functions: now, missing: await missingTexts(addon, missing) };
    });
  const capture = new Capture(addon, withOthers, {
    capture(state) {
      peer.send({ type: 'capture', capture: state });
      if (state.phase === 'running') remember();
    },
    stats: (stats) => peer.send({ type: 'stats', stats, atUnixMs: Date.now() }),
    batch: (records, taken) => peer.sendBatch(records, taken),
  });
  let timer: NodeJS.Timeout | undefined;
  const names = tellNames(peer, new NamespaceTable(addon));
  const requests = peer.listen(input, (request) => answer(addon, { capture, names, withOthers }, request));
  const watchFunctions = async () => {
    const now = presentKey(addon);
    if (now === key) return;
    key = now;
    functions = listFunctions(addon);
    await tellFunctions(peer, addon, functions);
    await capture.refresh();
  };
  introduce(peer, addon, kind, functions, names).then(() => {
    timer = setInterval(() => {
      // what is waited for goes first
      if (capture.isStarting) return;
      names();
      watchFunctions().catch(complain);
    }, NAMES_EVERY_MS);
  }, complain);
  const terminated = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await Promise.race([requests, terminated]).finally(() => clearInterval(timer));
  await capture.stop();
  await remember();
  await peer.close();
  return 0;
}

/** Hello first, then names: whoever listens knows at once whether this kernel can be traced at all. */
async function introduce(
  peer: Peer,
  addon: NativeAddon,
  kind: 'host' | 'lab',
  functions: Promise<readonly FunctionInfo[]>,
  names: TellNames,
): Promise<void> {
  const privileges = readPrivileges();
  const capabilities = { ...(await addon.capabilities()), ...readHost(privileges) };
  mark('agent: capabilities');
  peer.send({
    type: 'hello',
    hello: {
      protocol: SOURCE_PROTOCOL,
      kind,
      hostname: hostname(),
      kernel: release().slice(0, 256),
      architecture: process.arch,
      cpus: Math.max(1, cpus().length),
      agentPid: process.pid,
      capabilities,
      ...(privileges !== undefined && { privileges }),
      baseUnixMs: addon.baseUnixMs,
    },
  });
  await tellFunctions(peer, addon, functions);
  mark('agent: functions and reasons');
  await names();
}

/** A kernel that has none of these says why when a capture is asked for. */
async function tellFunctions(
  peer: Peer,
  addon: NativeAddon,
  functions: Promise<readonly FunctionInfo[]>,
): Promise<void> {
  const list = await functions.catch(() => []);
  peer.send({ type: 'functions', functions: [...list] });
  const reasons = await addon.dropReasons().catch(() => []);
  peer.send({ type: 'reasons', reasons });
}

/** Another one when modules, or programs of tc and XDP, have come or gone. */
function presentKey(addon: NativeAddon): string {
  return `${addon.kernelKey()} ${addon.programsKey()}`;
}

const complain = (error: unknown): void => console.error(`skbtracer agent: ${String(error)}`);

/** What an earlier agent found out about this kernel needs not be found out again. */
function recallKernel(addon: NativeAddon, cache: KernelCache): void {
  const known = cache.read(addon.kernelKey());
  const isTaken = known !== undefined && addon.takeOverKnown(known);
  mark(isTaken ? 'agent: the kernel is known' : 'agent: the kernel is not known');
}

async function rememberKernel(addon: NativeAddon, cache: KernelCache): Promise<void> {
  const key = addon.kernelKey();
  const known = await addon.packKnown().catch(() => undefined);
  if (known !== undefined && cache.write(key, known)) mark('agent: the kernel is remembered');
}

async function listFunctions(addon: NativeAddon): Promise<readonly FunctionInfo[]> {
  const functions = await addon.functions();
  return functions.map((one) => ({
    ...one,
    isDefault: !isOther(one) && (isDefaultFunction(one.name) || isProgram(one)),
  }));
}

/** Why functions cannot be probed, with what was probably meant. */
async function missingTexts(addon: NativeAddon, missing: readonly MissingFunction[]): Promise<string[]> {
  const names = missing.some(({ isUnknown }) => isUnknown) ? await addon.probeableNames() : [];
  return missing.map(({ name, reason, isUnknown }) => {
    const near = isUnknown ? nearest(name, names) : '';
    return `function ${name} ${reason}${near === '' ? '' : `; did you mean ${near}?`}`;
  });
}

const failed = (error: unknown) => ({ ok: false as const, error: asFailure(error) });

interface Parts {
  readonly capture: Capture;
  readonly names: TellNames;
  readonly withOthers: ReadFunctions;
}

async function answer(addon: NativeAddon, { capture, names, withOthers }: Parts, request: SourceRequest) {
  switch (request.method) {
    case 'apply':
      return capture.apply(request.spec);
    case 'stop':
      return capture.stop();
    case 'compile':
      return addon.compileFilter(request.expression).then(ok, failed);
    case 'cost':
      return capture.cost();
    case 'price':
      return capture.price(request.probes);
    case 'others':
      return withOthers(request.names).then(
        ({ missing: [first] }) => (first === undefined ? ok(null) : fail('PLAN_UNKNOWN', first)),
        failed,
      );
    case 'names':
      return names(true).then(() => ok(null));
    case 'selfTest':
      return runSelfTest();
    case 'programs':
      return addon.programs().then(ok, failed);
    case 'facts':
      return readInTurn(() => readFacts(request.queries, () => findNamespaces(addon))).then(ok);
  }
}

const cgroups = new CgroupTable();
let round = 0;

/** One after another; with `asked`, everything that is known already is looked at again, too. */
type TellNames = (asked?: boolean) => Promise<void>;

function tellNames(peer: Peer, namespaces: NamespaceTable): TellNames {
  const topology = new TopologyTable({ find: () => namespaces.seen });
  const tell = async (asked: boolean) => {
    const all = asked || round % ALL_EVERY === 0;
    const isFirst = round === 0;
    round += 1;
    // whoever waits for names waits for namespaces, which come last
    if (cgroups.refresh(all)) peer.send({ type: 'cgroups', cgroups: [...cgroups.cgroups] });
    mark('agent: cgroups');
    const isNew = await namespaces.refresh(all);
    mark('agent: namespaces');
    if (isNew) peer.send({ type: 'namespaces', namespaces: [...namespaces.namespaces] });
    // later than all else: a capture that starts is waited for, and a short one needs no map
    if (!isFirst && (isNew || all || !isWired)) tellTopology(peer, topology);
  };
  const turns = new Turns();
  return async (asked = false) => {
    if (asked || !turns.isBusy) await turns.take(() => tell(asked));
  };
}

let isWired = false;

/** Beside the names: a namespace that answers late holds nothing up. */
function tellTopology(peer: Peer, topology: TopologyTable): void {
  isWired = true;
  topology
    .refresh()
    .then((isNew) => isNew && peer.send({ type: 'topology', topology: topology.topology }), complain);
}
