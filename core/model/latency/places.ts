/**
 * Where a packet spends its time: in the part of the stack that the function it came to last belongs to, or waiting,
 * but only where the functions before and behind the wait tell so. Written against the sources of 6.1 and 6.12.
 */
import { type FunctionInfo, STAGES, type Stage } from '../../messages/source.ts';
import { stageOf } from '../stages.ts';

export const WAIT_IDS = [
  'qdisc queue', 'softirq backlog', 'GRO cell', 'socket queue', 'socket backlog', 'neighbour queue',
] as const; // biome-ignore format: a list
export type WaitId = (typeof WAIT_IDS)[number];

export const PLACES = [...WAIT_IDS, ...STAGES] as const;
export type Place = (typeof PLACES)[number];

interface Wait {
  readonly id: WaitId;
  /** One line for a person. */
  readonly about: string;
  /** It is put in there by these, and is out again at the next of those. */
  readonly enter: RegExp;
  readonly leave: RegExp;
  /** What it may come to in between; anything else, and it is not known whether it waited. */
  readonly through: readonly Stage[];
  /** Only if namespace and interface are the same before and behind it. */
  readonly isInPlace?: true;
}

/** In the order of {@link WAIT_IDS}. A device without a queue has no enqueueing function, and so no wait. */
export const WAITS: readonly Wait[] = [
  {
    id: 'qdisc queue',
    about: 'From a queueing discipline’s enqueue until the packet is let go to the driver.',
    enter:
      /^(dev_qdisc|pfifo|bfifo|pfifo_fast|pfifo_tail|fq|fq_codel|codel_qdisc|fq_pie_qdisc|pie_qdisc|tbf|netem|htb|hfsc|sfq|sfb|red|gred|choke|prio|multiq|drr|ets_qdisc|qfq|cake|hhf|skbprio|taprio|cbs|plug)_enqueue$/,
    leave: /^(sch_direct_xmit|validate_xmit_skb|dev_hard_start_xmit)$/,
    through: ['qdisc', 'skb'],
  },
  {
    id: 'softirq backlog',
    about: 'From a CPU’s backlog (enqueue_to_backlog) until its softirq takes the packet up.',
    enter: /^enqueue_to_backlog$/,
    leave: /^__netif_receive_skb(_one_core|_core)?$/,
    through: ['skb'],
  },
  {
    id: 'GRO cell',
    about: 'From a virtual device’s GRO queue (gro_cells_receive) until its poll takes the packet up.',
    enter: /^gro_cells_receive$/,
    leave: /^(napi|dev)_gro_receive$/,
    through: ['skb'],
  },
  {
    id: 'socket queue',
    about: 'From a socket’s receive queue until a program reads the packet.',
    enter:
      /^(__udp_enqueue_schedule_skb|sock_queue_rcv_skb_reason|__sock_queue_rcv_skb|tcp_data_queue|tcp_queue_rcv|packet_rcv)$/,
    leave: /^(skb_consume_udp|skb_copy_datagram_iter|skb_copy_and_csum_datagram_msg)$/,
    through: ['socket', 'transport', 'skb'],
  },
  {
    id: 'socket backlog',
    about: 'From a TCP socket that its program holds (tcp_add_backlog) until that lets go of it.',
    enter: /^tcp_add_backlog$/,
    leave: /^tcp_v[46]_do_rcv$/,
    through: ['skb'],
  },
  {
    id: 'neighbour queue',
    about:
      'While ARP or neighbour discovery asks for the next hop’s address: until the packet is sent again.',
    enter: /^(neigh_resolve_output|__neigh_event_send)$/,
    leave: /^neigh_(resolve|connected)_output$/,
    through: ['skb'],
    isInPlace: true,
  },
];

const ABOUT: ReadonlyMap<string, string> = new Map(WAITS.map(({ id, about }) => [id, about]));

/** What is waited for there; undefined for a part of the stack, in which a packet is worked on. */
export const aboutWait = (place: Place): string | undefined => ABOUT.get(place);
export const isWait = (place: Place): boolean => ABOUT.has(place);

const OTHER = PLACES.indexOf('other');
const FIRST_STAGE = WAIT_IDS.length;

/** Of each probed function: its part of the stack, and which waits begin and end at it. By id, for many hops. */
export class PlaceTable {
  /** Index in {@link PLACES}. */
  #stages = new Uint8Array(0);
  /** Bits by index of {@link WAITS}. */
  #enters = new Uint8Array(0);
  #leaves = new Uint8Array(0);

  take(functions: readonly FunctionInfo[]): void {
    const size = functions.reduce((max, { id }) => Math.max(max, id), 0) + 1;
    this.#stages = new Uint8Array(size).fill(OTHER);
    this.#enters = new Uint8Array(size);
    this.#leaves = new Uint8Array(size);
    for (const { id, name, module } of functions) {
      // without what the compiler appended
      const bare = name.replace(/\..*/, '');
      this.#stages[id] = FIRST_STAGE + STAGES.indexOf(stageOf(bare, module));
      this.#enters[id] = bits(({ enter }) => enter.test(bare));
      this.#leaves[id] = bits(({ leave }) => leave.test(bare));
    }
  }

  /** Index in {@link PLACES} of the function's part of the stack. */
  stage(func: number): number {
    return this.#stages[func] ?? OTHER;
  }

  enters(func: number): number {
    return this.#enters[func] ?? 0;
  }

  leaves(func: number): number {
    return this.#leaves[func] ?? 0;
  }

  /** Whether a packet in this wait may come to this function and wait on. */
  isThrough(wait: number, func: number): boolean {
    const stage = STAGES[this.stage(func) - FIRST_STAGE];
    return stage !== undefined && WAITS[wait]?.through.includes(stage) === true;
  }
}

function bits(holds: (wait: Wait) => boolean): number {
  return WAITS.reduce((set, wait, i) => (holds(wait) ? set | (1 << i) : set), 0);
}
