/** Whose packets these are, for people: another tool's capture may not say. */
import type { SourceHello } from '../messages/source.ts';

const UNTOLD = 'a host that is not told';

/** `node1`, `the lab`. */
export const hostText = ({ kind, hostname }: Pick<SourceHello, 'kind' | 'hostname'>): string =>
  kind === 'lab' ? 'the lab' : hostname || UNTOLD;

/** `node1, Linux 6.12.1`; of the lab with the name of its VM. */
export function sourceText({ hostname, kernel }: Pick<SourceHello, 'hostname' | 'kernel'>): string {
  const host = hostname || UNTOLD;
  return kernel === '' ? host : `${host}, Linux ${kernel}`;
}
