/** Buckets below 8 ns hold one value each; above, each power of two has eight: a quantile is right within 7 %. */
const SUB_BITS = 3;
const SUB = 1 << SUB_BITS;
/** Up to 2^43 ns, which is more than two hours; what takes longer counts as that. */
const EXPONENT_MAX = 43;
export const BUCKETS = (EXPONENT_MAX - SUB_BITS + 2) * SUB;

/** Of the largest power of two that is no larger; the processor counts the bits of what fits. */
export const exponentOf = (ns: number): number =>
  ns < 2 ** 31 ? 31 - Math.clz32(ns) : Math.floor(Math.log2(ns));

function bucketOf(ns: number): number {
  if (!(ns >= SUB)) return Math.max(0, Math.floor(ns)) || 0;
  const exponent = exponentOf(ns);
  if (exponent > EXPONENT_MAX) return BUCKETS - 1;
  return (exponent - SUB_BITS + 1) * SUB + Math.min(SUB - 1, Math.floor((ns / 2 ** exponent - 1) * SUB));
}

/** The middle of a bucket. */
function middleOf(bucket: number): number {
  if (bucket < 2 * SUB) return bucket;
  const exponent = Math.floor(bucket / SUB) + SUB_BITS - 1;
  return Math.round((1 + ((bucket % SUB) + 0.5) / SUB) * 2 ** exponent);
}

/** Many histograms of durations, each of a fixed size, in one buffer that grows as they are asked for. */
export class Histograms {
  #counts = new Uint32Array(64 * BUCKETS);
  #size = 0;

  /** A new one; its number. */
  add(): number {
    this.#size += 1;
    if (this.#size * BUCKETS > this.#counts.length) {
      const grown = new Uint32Array(this.#counts.length * 2);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    return this.#size - 1;
  }

  record(histogram: number, ns: number): void {
    const at = histogram * BUCKETS + bucketOf(ns);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** How many took 1, 2–3, 4–7 … ns, 0 with the first; none behind the last that has any. */
  octaves(histogram: number): number[] {
    const from = histogram * BUCKETS;
    const counts: number[] = [];
    for (let i = 0; i < BUCKETS; i += 1) {
      const count = this.#counts[from + i] ?? 0;
      if (count === 0) continue;
      const octave = i < SUB ? Math.floor(Math.log2(Math.max(1, i))) : Math.floor(i / SUB) + SUB_BITS - 1;
      while (counts.length <= octave) counts.push(0);
      counts[octave] = (counts[octave] ?? 0) + count;
    }
    return counts;
  }

  /** The duration that this share of what was recorded (0 to 1) did not exceed, in ns; 0 when nothing was. */
  quantile(histogram: number, share: number): number {
    const from = histogram * BUCKETS;
    let total = 0;
    for (let i = from; i < from + BUCKETS; i += 1) total += this.#counts[i] ?? 0;
    let left = Math.max(1, Math.ceil(total * share));
    if (total === 0) return 0;
    for (let i = 0; i < BUCKETS; i += 1) {
      left -= this.#counts[from + i] ?? 0;
      if (left <= 0) return middleOf(i);
    }
    return middleOf(BUCKETS - 1);
  }
}
