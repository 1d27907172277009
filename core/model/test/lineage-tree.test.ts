/** The tree of a packet's relatives. */
import { describe, expect, it } from 'vitest';
import { RELATION } from '../../wire/layout.gen.ts';
import { lineageTree } from '../lineage-tree.ts';
import { build } from '../story/test/build.ts';
import { readRecording } from './recording.ts';

/** The packet is number 5. */
const tree = (
  relatives: { origins?: [number, number][]; children?: [number, number][] },
  parents: Readonly<Record<number, number>> = {},
) => {
  const { path } = build({
    lines: [{ at: 'ip_rcv' }],
    origins: relatives.origins ?? [],
    children: (relatives.children ?? []).map(([packet, relation]) => [packet, relation, 0]),
  });
  const below = new Map<number, number[]>();
  for (const [child, parent] of Object.entries(parents))
    below.set(parent, [...(below.get(parent) ?? []), Number(child)]);
  const lines = lineageTree(path, {
    parentOf: (packet) => parents[packet] ?? 0,
    childrenBelow: () => below,
  });
  return lines.map((line) => {
    const rails = line.rails.map((goesOn, i) =>
      i < line.rails.length - 1 ? (goesOn ? '│ ' : '  ') : goesOn ? '├ ' : '└ ',
    );
    const text =
      line.kind === 'more'
        ? `and ${line.count} more`
        : `${line.words} #${line.packet}${line.isCurrent ? ' *' : ''}`;
    return `${rails.join('')}${text.trim()}`;
  });
};

describe('the tree of relatives', () => {
  it('has the parents above, what came out of them beside, and what came out of it below', () => {
    expect(
      tree(
        { origins: [[3, RELATION.clone]], children: [[7, RELATION.segment], [8, RELATION.segment]] },
        { 5: 3, 3: 2, 6: 3, 4: 2, 7: 5, 8: 5, 9: 7 },
      ),
    ).toEqual([
      '#2',
      '├ #3',
      '│ ├ cloned from #5 *',
      '│ │ ├ segment #7',
      '│ │ │ └ #9',
      '│ │ └ segment #8',
      '│ └ #6',
      '└ #4',
    ]); // biome-ignore format: a drawing
  });

  it('puts those that became one above it', () => {
    expect(tree({ origins: [[2, RELATION.reassembly], [3, RELATION.reassembly]], children: [[9, RELATION.clone]] })).toEqual([
      '#2',
      '#3',
      'reassembled from #5 *',
      '└ clone #9',
    ]); // biome-ignore format: a drawing
  });

  it('is bounded, and never without the packet itself', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i + 100, 3]));
    const lines = tree({ origins: [[3, RELATION.clone]] }, { ...many, 5: 3 });
    expect(lines).toHaveLength(15);
    expect(lines).toContain('├ cloned from #5 *');
    expect(lines.at(-1)).toBe('└ and 88 more');
    const deep = Object.fromEntries(
      Array.from({ length: 900 }, (_, i) => [i + 100, i < 30 ? 5 : 100 + (i % 30)]),
    );
    const children: [number, number][] = Array.from({ length: 30 }, (_, i) => [i + 100, RELATION.fragment]);
    const named = tree({ children }, deep).filter((line) => line.includes('#'));
    expect(named.length).toBeLessThanOrEqual(40);
  });

  it('ends where ancestors go round, and is not there for a packet that is alone', () => {
    expect(tree({ origins: [[3, RELATION.clone]] }, { 3: 2, 2: 3 })).toEqual([
      '#2',
      '└ #3',
      '  └ cloned from #5 *',
    ]);
    expect(tree({ origins: [[5, RELATION.head]] })).toEqual([]);
  });

  it('shows the clones of a recorded packet beside each other', () => {
    const { paths } = readRecording();
    const path = paths.find(({ packet }) => packet === 12);
    const parents = new Map<number, number>(paths.map(({ packet, parent }) => [packet, parent]));
    const lines =
      path === undefined
        ? []
        : lineageTree(path, {
            parentOf: (packet) => parents.get(packet) ?? 0,
            childrenBelow: (packet) =>
              new Map([[packet, paths.flatMap((one) => (one.parent === packet ? [one.packet] : []))]]),
          });
    expect(lines.map((line) => line.kind === 'packet' && line.packet)).toEqual([10, 11, 12]);
  });
});
