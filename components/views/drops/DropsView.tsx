'use client';

import { useCallback, useEffect, useMemo, useRef } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import {
  DROP_GROUPINGS,
  DropFold,
  type DropGroup,
  type DropSummary,
} from '../../../core/model/aggregate/drops.ts';
import { functionAt } from '../../../core/model/drop-place.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { commands } from '../../state/commands.ts';
import { useDropsPlace } from '../../state/drops.ts';
import { useListKeys } from '../../state/listKeys.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { useFold } from '../../state/packets/useFold.ts';
import { usePanes } from '../../state/panes.ts';
import { useSession } from '../../state/session.ts';
import { Divider } from '../../ui/Divider.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useWide } from '../../ui/useMedia.ts';
import { DropChart } from './DropChart.tsx';
import { DropDetail } from './DropDetail.tsx';
import { DropTable, sortGroups } from './DropTable.tsx';
import { GROUPING_LABELS, type GroupName, groupName, nameText } from './text.ts';
import { useKinds } from './tones.ts';

const NO_GROUPS: readonly DropGroup[] = [];

/** What the kernel dropped: when, by what they have in common, and why. */
export function DropsView() {
  const { by, sort, group: chosen } = useDropsPlace();
  const { book, version: namesVersion } = useNames();
  const session = useSession((state) => state.snapshot?.session ?? 0);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const isWide = useWide();
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const make = useCallback(() => new DropFold(by, functionAt(book)), [by, book, namesVersion]);
  const summary = useFold(make);
  const found = summary?.groups ?? NO_GROUPS;
  const kinds = useKinds(found, by, session);
  const groups = useMemo(() => sortGroups(found, sort, kinds), [found, sort, kinds]);

  const names = useMemo(() => {
    void namesVersion;
    const known = new Map<string, GroupName>();
    const samples = new Map(found.map(({ key, sample }) => [key, sample]));
    return (key: string): GroupName => {
      const row = packets.row(packets.indexOf(samples.get(key) ?? 0));
      const name = known.get(key) ?? (row && groupName(by, row, book));
      if (name !== undefined) known.set(key, name);
      return name ?? { main: '', more: '' };
    };
  }, [found, by, book, namesVersion]);

  const selected = Math.max(
    0,
    groups.findIndex(({ key }) => key === chosen),
  );
  const group = groups[selected];
  const select = useCallback(
    (index: number) => useDropsPlace.setState({ group: groups[index]?.key ?? '' }),
    [groups],
  );
  const open = useMemo(() => ({ title: 'Packets of the group', run: () => list.current?.focus() }), []);
  useListKeys('drops', 'Drops', 'group', { count: groups.length, selected, onSelect: select, open });
  useEffect(
    () =>
      commands.register([
        { id: 'drops.grouping', title: 'Group drops by something else', group: 'Drops', keys: [{ key: 'g' }], run: nextGrouping },
      ]), // biome-ignore format: a table
    [],
  );

  const panes = usePanes('drops', isWide ? 'horizontal' : 'vertical', ['drop-groups', 'drop-group']);

  if (summary === undefined)
    return <Notice title="Counting …">The packets of this page are looked at.</Notice>;
  if (group === undefined) return <NothingDropped summary={summary} />;
  return (
    <section aria-label="Drops" className="flex h-full min-h-0 flex-col bg-surface">
      <Totals summary={summary} />
      <DropChart
        summary={summary}
        baseUnixMs={baseUnixMs}
        selected={chosen}
        nameOf={(key) => nameText(names(key))}
        toneOf={(key) => kinds.get(key)?.tone}
        onSelect={(key) => useDropsPlace.setState({ group: key })}
      />
      <Group {...panes} className="min-h-0 flex-1">
        <Panel id="drop-groups" minSize="25%" defaultSize="56%" className="flex min-h-0 flex-col">
          <DropTable
            groups={groups}
            summary={summary}
            heading={GROUPING_LABELS[by]}
            nameOf={names}
            kinds={kinds}
            names={book}
            baseUnixMs={baseUnixMs}
            sort={sort}
            onSort={(next) => useDropsPlace.setState({ sort: next })}
            selected={selected}
            onSelect={select}
            onOpen={() => list.current?.focus()}
          />
        </Panel>
        <Divider label="Size of the list of groups" />
        <Panel id="drop-group" minSize="25%" defaultSize="44%">
          <DropDetail
            key={`${by}/${group.key}`}
            by={by}
            group={group}
            name={names(group.key)}
            listRef={list}
          />
        </Panel>
      </Group>
    </section>
  );
}

function nextGrouping(): void {
  const { by } = useDropsPlace.getState();
  const next = DROP_GROUPINGS[(DROP_GROUPINGS.indexOf(by) + 1) % DROP_GROUPINGS.length] ?? by;
  useDropsPlace.setState({ by: next, group: '' });
}

function Totals({
  summary: { dropped, packets: seen, groups, fromNs, toNs },
}: {
  readonly summary: DropSummary;
}) {
  const by = useDropsPlace((state) => state.by);
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-2 py-1">
      <h2 className="text-xs font-semibold">Drops</h2>
      <span className="text-soft" role="status" aria-live="off">
        {formatCount(dropped)} of {formatCount(seen)} packets in {formatDuration(toNs - fromNs)},{' '}
        {formatCount(groups.length)} {groups.length === 1 ? 'group' : 'groups'}
      </span>
      {packets.forgotten > 0 && (
        <span className="text-muted">
          {formatCount(packets.forgotten)} older packets are no longer in the page
        </span>
      )}
      <SelectField
        label="Group by"
        className="ml-auto w-52"
        title="What the drops are grouped by (g)"
        value={by}
        onValue={(value) => {
          const next = DROP_GROUPINGS.find((grouping) => grouping === value);
          if (next !== undefined) useDropsPlace.setState({ by: next, group: '' });
        }}
        options={DROP_GROUPINGS.map((value) => ({ value, label: GROUPING_LABELS[value] }))}
      />
    </div>
  );
}

function NothingDropped({ summary: { packets: seen, fromNs, toNs } }: { readonly summary: DropSummary }) {
  return (
    <Notice title="Nothing was dropped">
      {seen === 0
        ? 'No packet was captured yet. Drops of packets that match the filter appear here.'
        : `${formatCount(seen)} ${seen === 1 ? 'packet' : 'packets'} in ${formatDuration(toNs - fromNs)} were looked at: all that the page has of this session and that the filter lets through. The kernel dropped none of them.`}
      {packets.forgotten > 0 && ` ${formatCount(packets.forgotten)} older ones are no longer in the page.`}
    </Notice>
  );
}
