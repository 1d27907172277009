/** Every expression of the table on every packet, at every hop, against libpcap's verdict on the same bytes. */
import type { Hop } from '../../../core/model/hop.ts';
import { check, equal } from '../check.ts';
import { isDealt } from '../dealt.ts';
import { IS_6_1 } from '../deaths.ts';
import type { Scenario } from '../scenario.ts';
import { Agent } from './agent.ts';
import { DEVICES, libpcapVerdicts, Sender, type Verdicts, withWire } from './network.ts';
import { PACKETS, type Packet } from './packets.ts';
import { EXPRESSIONS, type Marked, REFUSED } from './table.ts';

const entries: readonly (string | Marked)[] = Object.values(EXPRESSIONS).flat();
const textOf = (entry: string | Marked): string => (typeof entry === 'string' ? entry : entry.expression);
const expressions = entries.map(textOf);
/**
 * Each is put in force on one of the two kernels, which takes seconds: what is made of it is the same on both. The
 * table is sorted by what expressions are about: every sixth is of all of these.
 */
const step = isDealt ? 6 : 1;
const tried = expressions.filter((_, i) => (i % 3 === 0) === IS_6_1 && Math.floor(i / 3) % step === 0);

/** Where a packet was seen: function and device, and whether it had its MAC header there. */
interface Place {
  readonly text: string;
  readonly func: string;
  readonly hasMac: boolean;
}

const byMark = new Map(PACKETS.map((packet) => [packet.mark, packet]));

/** The packet of the table that a record is about; undefined for the system's other traffic. */
function packetOf({ state }: Hop): Packet | undefined {
  const frame = byMark.get(state.eth?.src ?? '');
  return frame?.how === 'frame' ? frame : byMark.get(state.ip?.saddr ?? '');
}

/** The places of each packet on the wire, in order. Beyond it a bridge hands some frames to its host's own stack. */
function placesOf(agent: Agent, hops: readonly Hop[]): ReadonlyMap<Packet, readonly Place[]> {
  const places = new Map<Packet, Place[]>(PACKETS.map((packet) => [packet, []]));
  for (const hop of hops) {
    const packet = packetOf(hop);
    const device = hop.ifindex === 0 ? '-' : (hop.state.device ?? '');
    if (packet === undefined || !(device === '-' || DEVICES.includes(device))) continue;
    const func = agent.functionName(hop);
    const hasMac = hop.state.eth !== undefined;
    const text = `${func} ${device}${hasMac ? '' : ' (no MAC header)'}`;
    places.get(packet)?.push({ text, func, hasMac });
  }
  return places;
}

interface Seen {
  readonly everything: ReadonlyMap<Packet, readonly Place[]>;
  readonly byExpression: ReadonlyMap<string, ReadonlyMap<Packet, readonly Place[]>>;
}

/** Sends all packets under no filter and then under each expression. */
async function observe(): Promise<Seen> {
  const agent = new Agent();
  const sender = new Sender();
  try {
    const rounds = new Map<string, number>();
    for (const expression of ['', '', ...tried]) {
      const generation = await agent.apply(expression);
      check(typeof generation === 'number', `'${expression}' is accepted`, generation);
      rounds.set(expression, generation);
      await sender.round();
    }
    for (const [expression, code] of Object.entries(REFUSED)) {
      const refused = await agent.apply(expression);
      check(typeof refused !== 'number' && refused.code === code, `'${expression}' is refused`, refused);
    }
    await agent.stop();
    const seen = (expression: string) => placesOf(agent, agent.generation(rounds.get(expression) ?? 0));
    return { everything: seen(''), byExpression: new Map(tried.map((one) => [one, seen(one)])) };
  } finally {
    sender.close();
    await agent.close();
  }
}

/** Where an IP packet is on its way out and has no MAC header yet, one of these. */
const OUTPUT = ['ip_output', 'ip_mc_output', 'ip6_output'];
const FRAME_PATH = [
  '__dev_queue_xmit fx0',
  'veth_xmit fx0',
  '__netif_receive_skb fx0',
  'br_handle_frame fx0',
];

/** Without a filter every packet is seen on all of the wire: otherwise all that follows would mean little. */
function missingPlaces({ everything }: Seen): string[] {
  const complaints: string[] = [];
  for (const [packet, places] of everything) {
    const texts = places.map(({ text }) => text);
    const missing = FRAME_PATH.filter((place) => !texts.includes(place));
    const isOutput = ({ func, hasMac }: Place) => !hasMac && OUTPUT.includes(func);
    if (packet.how === 'ip' && !places.some(isOutput)) missing.push(OUTPUT.join(' or '));
    if (missing.length > 0 || places[0]?.hasMac !== (packet.how === 'frame'))
      complaints.push(
        `${packet.name}, without a filter, lacks ${missing.join(', ')}:\n  ${texts.join(', ')}`,
      );
  }
  return complaints;
}

/** Each packet at exactly those of its places where libpcap says that the expression matches. */
function differences({ everything, byExpression }: Seen, l2: Verdicts, l3: Verdicts): string[] {
  const complaints: string[] = [];
  const matches = (verdicts: Verdicts, expression: string, packet: Packet) => {
    const verdict = verdicts.get(expression);
    return verdict !== undefined && typeof verdict !== 'string' && verdict.has(packet);
  };
  for (const [expression, seen] of byExpression) {
    for (const packet of PACKETS) {
      const expected = (everything.get(packet) ?? [])
        .filter(({ hasMac }) => matches(hasMac ? l2 : l3, expression, packet))
        .map(({ text }) => text);
      const actual = (seen.get(packet) ?? []).map(({ text }) => text);
      if (JSON.stringify(expected) === JSON.stringify(actual)) continue;
      const list = (texts: readonly string[]) => texts.join(', ') || 'nowhere';
      complaints.push(
        `'${expression.slice(0, 80)}' and ${packet.name}:\n  libpcap  ${list(expected)}\n  skbtracer ${list(actual)}`,
      );
    }
  }
  return complaints;
}

/** An expression says yes to some and no to others, where it is not marked otherwise. */
function checkTable(verdicts: Verdicts): void {
  for (const [expression, verdict] of libpcapVerdicts('EN10MB', Object.keys(REFUSED)))
    check(typeof verdict !== 'string', `libpcap compiles '${expression}'`, verdict);
  for (const entry of entries) {
    const expression = textOf(entry);
    const verdict = verdicts.get(expression);
    check(verdict !== undefined && typeof verdict !== 'string', `libpcap compiles '${expression}'`, verdict);
    const kind = verdict.size === 0 ? 'nothing' : verdict.size === PACKETS.length ? 'everything' : 'some';
    equal(kind, typeof entry === 'string' ? 'some' : entry.matches, `'${expression}' matches`);
  }
  equal(new Set(expressions).size, expressions.length, 'different expressions');
}

const MIXED_WITHOUT_MAC = 40;

const table: Scenario = {
  name: `filters: ${tried.length} of ${expressions.length} expressions say of ${PACKETS.length} packets what libpcap says, with and without a MAC header`,
  async run() {
    const l2 = libpcapVerdicts('EN10MB', expressions);
    const l3 = libpcapVerdicts('RAW', expressions);
    checkTable(l2);
    const senders = PACKETS.filter(({ how }) => how === 'ip').length;
    const mixed = [...l3.values()].filter(
      (verdict) => typeof verdict !== 'string' && verdict.size > 0 && verdict.size < senders,
    );
    check(
      mixed.length >= MIXED_WITHOUT_MAC,
      'expressions that tell packets without MAC header apart',
      mixed.length,
    );
    await withWire(async () => {
      const seen = await observe();
      const complaints = [...missingPlaces(seen), ...differences(seen, l2, l3)];
      check(complaints.length === 0, `${complaints.length} differences:\n${complaints.join('\n')}`);
    });
  },
};

/** docs/cli.md: what a filter cannot look at. Should this fail, it can: then say so there. */
const limits: Scenario = {
  name: 'filters: what lies beyond the first 192 bytes, or outside the linear part, is the only thing missed',
  async run() {
    const whole = libpcapVerdicts('EN10MB', expressions, true);
    const visible = libpcapVerdicts('EN10MB', expressions);
    const differing = new Set<string>();
    for (const expression of expressions) {
      const [a, b] = [whole.get(expression), visible.get(expression)];
      if (typeof a === 'string' || typeof b === 'string') continue;
      for (const packet of PACKETS) if (a?.has(packet) !== b?.has(packet)) differing.add(packet.name);
    }
    equal(
      [...differing].sort(),
      ['scattered', 'udp-long'],
      'packets whose verdict depends on what is not seen',
    );
  },
};

export const expressionTable: readonly Scenario[] = [table, limits];
