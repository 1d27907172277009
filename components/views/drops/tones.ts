'use client';

import { useEffect, useState } from 'react';
import type { DropGroup, DropGrouping } from '../../../core/model/aggregate/drops.ts';
import { diagnose, type Tone } from '../../../core/model/diagnosis/index.ts';
import { readPath } from '../../../core/model/path.ts';
import { useNames } from '../../state/names.ts';
import { requestPath } from '../../state/socket.ts';

/** Packets of a group that are looked at: the newest, the oldest and one between. */
const SAMPLES = 3;
/** Groups that are looked at; the rest of a long table says nothing of its kind. */
const GROUPS_MAX = 40;
const KEPT_MAX = 500;

/** What the diagnosis says of a group, by a few of its packets. */
export interface GroupKind {
  /** The worst of them; undefined when no path is there any more. */
  readonly tone: Tone | undefined;
  /** Not the same of all. */
  readonly isMixed: boolean;
  /** Of the newest. */
  readonly title: string;
  /** How many packets the group had then: with twice as many it is looked at again. */
  readonly count: number;
}

const WORST: readonly Tone[] = ['problem', 'notice', 'ordinary'];

/** Pure: the newest packet's explanation first. */
export function kindOf(
  samples: readonly { readonly tone: Tone; readonly title: string }[],
  count: number,
): GroupKind {
  const tones = new Set(samples.map(({ tone }) => tone));
  return {
    tone: WORST.find((tone) => tones.has(tone)),
    isMixed: tones.size > 1,
    title: samples[0]?.title ?? '',
    count,
  };
}

/** Which packets of a group to look at, newest first. */
export function samplesOf({ packets, sample }: DropGroup): readonly number[] {
  const middle = packets[packets.length >> 1] ?? sample;
  return [...new Set([sample, packets[0] ?? sample, middle])].slice(0, SAMPLES);
}

/** By the group's key, one after the other, as their paths are read. */
export function useKinds(
  groups: readonly DropGroup[],
  by: DropGrouping,
  session: number,
): ReadonlyMap<string, GroupKind> {
  const scope = `${session}/${by}`;
  const [kept, setKept] = useState<{ scope: string; kinds: ReadonlyMap<string, GroupKind> }>({
    scope,
    kinds: NONE,
  });
  const kinds = kept.scope === scope ? kept.kinds : NONE;
  const next = groups
    .slice(0, GROUPS_MAX)
    .find(({ key, count }) => count >= 2 * (kinds.get(key)?.count ?? 0));
  const nextKey = next?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for a group, however it grows meanwhile
  useEffect(() => {
    if (next === undefined) return;
    let isOver = false;
    look(next, session).then((kind) => {
      if (isOver) return;
      setKept((before) => {
        const known = new Map(before.scope === scope ? before.kinds : NONE);
        known.set(next.key, kind);
        for (const oldest of known.keys()) {
          if (known.size <= KEPT_MAX) break;
          known.delete(oldest);
        }
        return { scope, kinds: known };
      });
    });
    return () => {
      isOver = true;
    };
  }, [scope, nextKey, kinds]);
  return kinds;
}

const NONE: ReadonlyMap<string, GroupKind> = new Map();

async function look(group: DropGroup, session: number): Promise<GroupKind> {
  const { book } = useNames.getState();
  const told: { tone: Tone; title: string }[] = [];
  for (const packet of samplesOf(group)) {
    const result = await requestPath(session, packet);
    if (!result.ok) continue;
    const diagnosis = diagnose(readPath(new Uint8Array(result.value.records), packet), book);
    if (diagnosis !== undefined) told.push(diagnosis);
  }
  return kindOf(told, group.count);
}
