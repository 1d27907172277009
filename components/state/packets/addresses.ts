/**
 * Addresses as small numbers. A capture has far fewer addresses than packets: each is kept, formatted and
 * searched once, and a row holds two numbers.
 */
export class AddressTable {
  readonly #byV4 = new Map<number, number>();
  readonly #byText = new Map<string, number>();
  readonly #texts: string[] = [''];
  readonly #format: (bytes: Uint8Array, version: 4 | 6) => string;

  constructor(format: (bytes: Uint8Array, version: 4 | 6) => string) {
    this.#format = format;
  }

  /** Number of addresses, the empty one (0) included. */
  get size(): number {
    return this.#texts.length;
  }

  /**
   * Number of an address. `bytes` has 16 bytes, IPv4 in the first four; `version` 0 (no IP header) gives 0
   * unless `isArp`, whose addresses are IPv4.
   */
  intern(bytes: Uint8Array, version: number, isArp: boolean): number {
    if (version === 6) return this.#internText(this.#format(bytes, 6));
    if (version !== 4 && !isArp) return 0;
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    const key = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    const known = this.#byV4.get(key);
    if (known !== undefined) return known;
    const id = this.#internText(this.#format(bytes, 4));
    this.#byV4.set(key, id);
    return id;
  }

  text(id: number): string {
    return this.#texts[id] ?? '';
  }

  clear(): void {
    this.#byV4.clear();
    this.#byText.clear();
    this.#texts.length = 1;
  }

  #internText(text: string): number {
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const id = this.#texts.length;
    this.#texts.push(text);
    this.#byText.set(text, id);
    return id;
  }
}
