/** Everything that can go missing between a probe and a page, by cause: what it means, and what to do about it. */

export const LOSS_CAUSES = [
  'ring', 'missed', 'gaps', 'undelivered', 'malformed', 'trackFull', 'trailFull', 'stackFull', 'rateLimited', 'evicted',
] as const; // biome-ignore format: a list
export type LossCause = (typeof LOSS_CAUSES)[number];

export interface CauseText {
  readonly where: string;
  /** What is counted, as a plural noun. */
  readonly unit: 'events' | 'packets' | 'records' | 'stacks';
  /** False: not recorded or let go as asked for; nothing that should be there is missing. */
  readonly isLoss: boolean;
  readonly meaning: string;
  readonly advice: string;
}

export const CAUSE_TEXTS: Readonly<Record<LossCause, CauseText>> = {
  ring: {
    where: 'Ring buffer full',
    unit: 'events',
    isLoss: true,
    meaning: 'The kernel had no room to write: events came faster than they were read.',
    advice: 'Narrow the filter, or probe waypoints only; on the command line, --ring-size gives more room.',
  },
  missed: {
    where: 'Probes skipped',
    unit: 'events',
    isLoss: true,
    meaning: 'A probe fired while another one ran on the same CPU; the kernel skips it then.',
    advice: 'Probe waypoints only: fewer probes fire inside one another.',
  },
  gaps: {
    where: 'On the way to the server',
    unit: 'events',
    isLoss: true,
    meaning: 'Gaps in the records’ numbers that the ring buffer does not explain.',
    advice: 'This should not be; if it goes on, start the capture anew and report it.',
  },
  undelivered: {
    where: 'Left over at stop',
    unit: 'events',
    isLoss: true,
    meaning: 'Still in the ring when the capture stopped, because the server took nothing for a second.',
    advice: 'Narrow the filter so that the server keeps up.',
  },
  malformed: {
    where: 'Malformed records',
    unit: 'records',
    isLoss: true,
    meaning: 'Of unknown kind or wrong size; they were skipped.',
    advice: 'Agent and server are of different versions: build and start both again.',
  },
  trackFull: {
    where: 'Tracking table full',
    unit: 'packets',
    isLoss: true,
    meaning: 'Packets that could not be followed, because as many as fit were followed already.',
    advice: 'Narrow the filter; on the command line, --tracked gives more room.',
  },
  trailFull: {
    where: 'Packet’s trail full',
    unit: 'records',
    isLoss: true,
    meaning: 'Tail mode: records of a packet beyond what is kept of one; its path has a gap there.',
    advice: 'Probe waypoints only: fewer hops are recorded of each packet.',
  },
  stackFull: {
    where: 'Stack table full',
    unit: 'stacks',
    isLoss: true,
    meaning: 'Events without their kernel stack; the events themselves are there.',
    advice: 'Narrow the filter; on the command line, --stack-table gives more room.',
  },
  rateLimited: {
    where: 'Flow rate',
    unit: 'packets',
    isLoss: false,
    meaning: 'Not followed, as asked for: their flow began more in a second than its limit.',
    advice: 'On the command line, --flow-rate is the limit.',
  },
  evicted: {
    where: 'Server memory',
    unit: 'packets',
    isLoss: false,
    meaning: 'The oldest packets of the session were let go to stay within the memory budget.',
    advice: 'Narrow the filter: what is kept then reaches further back.',
  },
};
