/** Addresses out of text, as they are in packets. */
import { parseNet } from './display/address.ts';

/** Addresses come again and again: so many are remembered. */
const KNOWN_MAX = 4096;
const known = new Map<string, Uint8Array | undefined>();

/** Four or sixteen bytes; undefined for what is no address. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (!known.has(text)) {
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(text, parsed(text));
  }
  return known.get(text);
}

function parsed(text: string): Uint8Array | undefined {
  const net = text.length > 64 || text.includes('/') ? undefined : parseNet(text);
  if (net === undefined) return undefined;
  const bytes = new Uint8Array(4 * net.words.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of net.words.entries()) view.setUint32(4 * i, word);
  return bytes;
}
