/**
 * What happens to a packet in a kernel function, in a sentence: every waypoint, and what else is met most. Written
 * against the sources of 6.1 and 6.12; where these differ, the sentence holds for both or says for which it does.
 */
import { explainProgram } from '../programs.ts';
import { BRIDGE } from './bridge.ts';
import { DEVICE } from './device.ts';
import { IP } from './ip.ts';
import { NETFILTER } from './netfilter.ts';
import { TRANSPORT } from './transport.ts';
import { TUNNEL } from './tunnel.ts';

export const EXPLAINED: readonly (readonly [name: string, sentence: string])[] = [
  DEVICE,
  BRIDGE,
  NETFILTER,
  IP,
  TRANSPORT,
  TUNNEL,
].flatMap((group) => Object.entries(group));

const SENTENCES: ReadonlyMap<string, string> = new Map(EXPLAINED);

/** Undefined for a function that nobody explained. What the compiler appended (`.isra.0`) is passed over. */
export const explainFunction = (name: string, module = ''): string | undefined =>
  explainProgram({ name, module }) ?? SENTENCES.get(name.replace(/\..*/, ''));
