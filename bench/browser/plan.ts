/** What a generated source is to send: the benchmark gives it to source.ts as JSON. */
export interface Plan {
  /** Packets of `hops` hops each, and an end. */
  readonly packets: number;
  readonly hops: number;
  /** Events offered a second; 0: as fast as the server takes them, none lost. */
  readonly eventsPerSecond: number;
  /** Hops of one more packet at the end; 0: there is none. */
  readonly giant: number;
}

/** Ids count from here. */
export const FIRST_PACKET = 1;
/** Of the packet with very many hops. */
export const giantOf = ({ packets }: Plan): number => FIRST_PACKET + packets;
