'use client';

import { create } from 'zustand';
import type { NameTables, SymbolInfo } from '../../core/messages/browser.ts';
import type { FunctionInfo, NetnsInfo } from '../../core/messages/source.ts';

interface Names {
  readonly functions: ReadonlyMap<number, FunctionInfo>;
  readonly namespaces: ReadonlyMap<number, NetnsInfo>;
  readonly reasons: ReadonlyMap<number, string>;
  readonly symbols: ReadonlyMap<string, SymbolInfo>;
  /** Counts changes, so that texts made from names know when they are stale. */
  readonly version: number;
}

const NONE: Names = {
  functions: new Map(),
  namespaces: new Map(),
  reasons: new Map(),
  symbols: new Map(),
  version: 0,
};

/** What the kernel's numbers are called, as the source told. */
export const useNames = create<Names>(() => NONE);

/** Takes in name tables: each table replaces the one before, symbols add to what is known. */
export function takeNames(tables: NameTables): void {
  useNames.setState((now) => ({
    functions: tables.functions === undefined ? now.functions : byKey(tables.functions, (f) => f.id),
    namespaces: tables.namespaces === undefined ? now.namespaces : byKey(tables.namespaces, (n) => n.inode),
    reasons:
      tables.reasons === undefined ? now.reasons : new Map(tables.reasons.map((r) => [r.value, r.name])),
    symbols:
      tables.symbols === undefined
        ? now.symbols
        : new Map([...now.symbols, ...tables.symbols.map((s) => [s.address, s] as const)]),
    version: now.version + 1,
  }));
}

function byKey<K, V>(values: readonly V[], key: (value: V) => K): Map<K, V> {
  return new Map(values.map((value) => [key(value), value]));
}

/** A namespace's name, `netns 4026531840` when it has none, `unknown` for inode 0. */
export function netnsName(namespaces: Names['namespaces'], inode: number): string {
  if (inode === 0) return 'unknown';
  return namespaces.get(inode)?.name ?? `netns ${inode}`;
}

/** An interface's name in its namespace, `if7` when the name is not known, '' for none. */
export function interfaceName(namespaces: Names['namespaces'], inode: number, ifindex: number): string {
  if (ifindex === 0) return '';
  return (
    namespaces.get(inode)?.interfaces.find((candidate) => candidate.ifindex === ifindex)?.name ??
    `if${ifindex}`
  );
}
