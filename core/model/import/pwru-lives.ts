/**
 * Which of an skb address's events are one packet's: pwru does not say, and the kernel uses addresses again. A packet ends
 * - when the kernel let it go (`kfree_skb_reason`, `consume_skb`, …) and the next event there is not about its release;
 * - when the memory went back (`kfree_skbmem`), or an skb is built there anew;
 * - after a silence of ten seconds, where there are times;
 * - as long as the file has shown nothing that lets go: where its first function comes again on the same interface, or both
 *   addresses and ports are others. Its end was not seen then, and is not told.
 */
import type { At } from './builder.ts';

/** Lives at once; the oldest is forgotten, and goes on as another packet. */
const LIVES_MAX = 65_536;
const SILENCE_NS = 10_000_000_000;

const LETS_GO =
  /^(kfree_skb|kfree_skb_reason|sk_skb_reason_drop|__kfree_skb|consume_skb|__consume_stateless_skb|napi_consume_skb|kfree_skb_partial|skb_attempt_defer_free|(__)?dev_kfree_skb_(any|irq)(_reason)?|napi_skb_free_stolen_head|kfree_skbmem)$/;
const IS_BACK = new Set(['kfree_skbmem']);
const IS_NEW = new Set([
  '__build_skb_around',
  'build_skb_around',
  '__finalize_skb_around',
  '__build_skb',
  'napi_build_skb',
]);
/** What follows on that the packet was let go. */
const RELEASE =
  /^(skb_release_|skb_free_|skb_kfree_head|skb_unref|skb_ext_|__skb_ext_|skb_zcopy|skb_page_unref|skb_pp_|napi_pp_|__?kfree|__sk_skb_reason|consume_skb|napi_consume|sock_[a-z]*free$|__sock_wfree|tcp_wfree|skb_orphan|nf_conntrack_destroy|nf_ct_destroy|tpacket_destruct|unix_destruct|dev_kfree|__dev_kfree|netem_)/;

interface Tuple {
  readonly saddr: string;
  readonly daddr: string;
  readonly sport: number;
  readonly dport: number;
}

export interface LifeEvent {
  readonly name: string;
  readonly netns: number;
  readonly iface: string;
  readonly tuple: Tuple | undefined;
  /** Undefined where there are no times, or only those since the event before. */
  readonly timeNs: number | undefined;
}

/** One packet's, at an address. */
export interface Life {
  readonly packet: number;
  /** Of its last event. */
  last: At | undefined;
  isDropped: boolean;
  isLetGo: boolean;
  readonly first: LifeEvent;
  tuple: Tuple | undefined;
}

export class SkbLives {
  readonly #lives = new Map<bigint, Life>();
  readonly #begin: () => number;
  readonly #ended: (life: Life & { readonly last: At }) => void;
  /** The file has shown how packets are let go. */
  #hasEnds = false;

  /** `begin` gives packet ids; `ended` hears of a packet whose memory went back. */
  constructor(begin: () => number, ended: (life: Life & { readonly last: At }) => void) {
    this.#begin = begin;
    this.#ended = ended;
  }

  /** The life that this event belongs to. */
  at(skb: bigint, event: LifeEvent): Life {
    const known = this.#lives.get(skb);
    if (known !== undefined && !this.#isOver(known, event)) {
      if (hasPorts(event.tuple)) known.tuple = event.tuple;
      return known;
    }
    if (known !== undefined && (known.isLetGo || IS_NEW.has(event.name))) this.#end(known);
    const life: Life = {
      packet: this.#begin(),
      last: undefined,
      isDropped: false,
      isLetGo: false,
      first: event,
      tuple: event.tuple,
    };
    this.#lives.delete(skb);
    this.#lives.set(skb, life);
    if (this.#lives.size > LIVES_MAX) {
      const [oldest] = this.#lives.keys();
      if (oldest !== undefined) this.#lives.delete(oldest);
    }
    return life;
  }

  /** The event was told: what it means for the life. */
  passed(skb: bigint, life: Life, name: string): void {
    if (!LETS_GO.test(name)) return;
    this.#hasEnds = true;
    life.isLetGo = true;
    if (!IS_BACK.has(name)) return;
    this.#end(life);
    this.#lives.delete(skb);
  }

  /** The file is over: what was let go by then has ended. */
  end(): void {
    for (const life of this.#lives.values()) if (life.isLetGo) this.#end(life);
    this.#lives.clear();
  }

  #end({ last, ...life }: Life): void {
    if (last !== undefined) this.#ended({ ...life, last });
  }

  #isOver(life: Life, event: LifeEvent): boolean {
    if (IS_NEW.has(event.name)) return true;
    if (life.isLetGo) return !RELEASE.test(event.name) && !LETS_GO.test(event.name);
    if (event.timeNs !== undefined && life.last !== undefined && event.timeNs - life.last.timeNs > SILENCE_NS)
      return true;
    if (this.#hasEnds) return false;
    const { first } = life;
    const isAgain = first.name === event.name && first.netns === event.netns && first.iface === event.iface;
    return isAgain || isAnother(life.tuple, event.tuple);
  }
}

const hasPorts = (tuple: Tuple | undefined): boolean => tuple !== undefined && tuple.saddr !== '';

/**
 * A translation changes one side, an answer has the two exchanged. A tunnel changes both, and is taken for another packet
 * where ends are not traced.
 */
function isAnother(a: Tuple | undefined, b: Tuple | undefined): boolean {
  if (a === undefined || b === undefined || a.saddr === '' || b.saddr === '') return false;
  if (a.saddr === b.saddr || a.daddr === b.daddr) return false;
  const isAnswer = a.saddr === b.daddr && a.daddr === b.saddr;
  return isAnswer || a.sport !== b.sport || a.dport !== b.dport;
}
