/** Which function dropped a packet, by the address that the kernel tells. */
import { asKernelAddress } from '../base/units.ts';
import type { FunctionAt } from './aggregate/drops.ts';
import type { NameBook } from './names.ts';

/** The function that holds an address, without what the compiler appended; `0x…` when it has no name. */
export function locationFunction(address: string, names: NameBook): string {
  const known = asKernelAddress(address);
  return names.symbol(known)?.name.replace(/\..*/, '') ?? names.locationName(known);
}

/** The same of an address in two halves. */
export const functionAt =
  (names: NameBook): FunctionAt =>
  (high, low) =>
    locationFunction(`${hex(high)}${hex(low)}`, names);

const hex = (half: number): string => half.toString(16).padStart(8, '0');
