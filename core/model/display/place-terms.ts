/** Terms of a display filter for what Map and Paths draw. */
import { asFuncId, asNetnsInode } from '../../base/units.ts';
import type { NameBook } from '../names.ts';
import { quote } from './tokens.ts';

/** Numbers that a list of paths may have, so that it stays something to read. */
const LISTED_MAX = 40;

/** Packets that went through an interface, or were dropped at it. */
export function interfaceTerm(book: NameBook, netns: number, ifindex: number, isDropped: boolean): string {
  const name = interfaceName(book, netns, ifindex);
  return isDropped ? `dropped and iface.last == ${name}` : `iface == ${name}`;
}

/** Packets that went through any of these interfaces of a namespace. */
export function interfacesTerm(book: NameBook, netns: number, indices: readonly number[]): string {
  return `iface in {${indices.map((ifindex) => interfaceName(book, netns, ifindex)).join(', ')}}`;
}

function interfaceName(book: NameBook, netns: number, ifindex: number): string {
  const inode = asNetnsInode(netns);
  return quote(`${book.netnsName(inode)}/${book.interfaceName(inode, ifindex)}`);
}

/** Packets that were in a namespace, or were dropped in it. */
export function netnsTerm(book: NameBook, netns: number, isDropped: boolean): string {
  const name = quote(book.netnsName(asNetnsInode(netns)));
  return isDropped ? `dropped and ns.last == ${name}` : `ns == ${name}`;
}

/** Packets that went through a function in a namespace. */
export function functionTerm(book: NameBook, netns: number, func: number): string {
  return `func == ${quote(`${book.netnsName(asNetnsInode(netns))}/${book.functionName(asFuncId(func))}`)}`;
}

/** Packets on any of these paths; undefined when there are none, too many to list, or some without a number. */
export function pathsTerm(numbers: readonly number[]): string | undefined {
  const [only] = numbers;
  if (only === undefined || numbers.includes(0) || numbers.length > LISTED_MAX) return undefined;
  if (numbers.length === 1) return `path == ${only}`;
  return `path in {${[...numbers].sort((a, b) => a - b).join(', ')}}`;
}

/** Packets that a function dropped; parts that the compiler made of it count as it. */
export const locationTerm = (func: string): string => `location ~ ${quote(`^${func}(\\.|\\+|$)`)}`;
