/** Wall clock, ns since 1970: more than a double holds exactly, which is why it is none. */
export function unixNs(baseUnixMs: number, timeNs: number): bigint {
  const wholeMs = Math.floor(baseUnixMs);
  const restNs = Math.round((baseUnixMs - wholeMs) * 1e6) + Math.round(timeNs);
  return BigInt(wholeMs) * 1_000_000n + BigInt(restNs);
}
