'use client';

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { CaptureState } from '../../../core/messages/source.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { isPlain, planOf, switchPart } from '../../../core/model/probes/plan.ts';
import { commands } from '../../state/commands.ts';
import { type Programs, useHealthStore } from '../../state/health.ts';
import { useListKeys } from '../../state/listKeys.ts';
import { useNames } from '../../state/names.ts';
import { useIsLive, useSession } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import { PROBES_PROGRAM } from './cost.ts';
import { ProbeDetail, showLastSeen } from './ProbeDetail.tsx';
import { ProbeTable } from './ProbeTable.tsx';
import {
  functionProbes,
  type GroupRow,
  PROBE_GROUPINGS,
  probeRows,
  programProbes,
  switchable,
} from './probes.ts';
import { toggleFold, useHealthPlace } from './state.ts';
import { type CostNow, setMeasuring, useCost } from './useCost.ts';
import { type PlanSwitch, usePlan } from './usePlan.ts';
import { type PriceTag, usePrice } from './usePrice.ts';

const GROUPING_LABELS = { stage: 'stage', module: 'module' } as const;
const NO_PROGRAMS: readonly never[] = [];
/** Of a plan that is not just a group. */
const CHOSEN = 'chosen';

/** Every probe with what it recorded, the choice of the group, and what all of it costs. */
export function ProbesPane({ programs }: { readonly programs: Programs }) {
  const place = useHealthPlace();
  const { hops, perSecond } = useHealthStore();
  const { book, version } = useNames();
  const capture = useSession((state) => state.snapshot?.capture);
  const detaching = useSession((state) => state.stats?.tracer.detaching ?? 0);
  // of a recording nothing can be changed, or measured
  const isLive = useIsLive();
  const plan = usePlan(capture);
  const cost = useCost();
  const price = usePrice();
  const field = useRef<HTMLDivElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const functions = useMemo(
    () => [...book.functions.values()].filter(({ isGone }) => isGone !== true),
    [book, version],
  );
  const probes = useMemo(
    () => functionProbes({ functions, capture, hops, perSecond }),
    [functions, capture, hops, perSecond],
  );
  const told = programs.phase === 'told' ? programs.programs : NO_PROGRAMS;
  const rows = useMemo(
    () =>
      probeRows(
        probes,
        programProbes(told, capture),
        place,
        switchable(functions, isLive ? capture : undefined, place.by),
      ),
    [probes, told, capture, isLive, place, functions],
  );
  const selected = Math.max(
    0,
    rows.findIndex(({ key }) => key === place.row),
  );
  const select = useCallback(
    (index: number) => useHealthPlace.setState({ row: rows[index]?.key ?? '' }),
    [rows],
  );
  const openRow = useCallback(
    (index: number) => {
      const row = rows[index];
      if (row?.kind === 'group') toggleFold(row.name);
      if (row?.kind === 'function') showLastSeen(row);
    },
    [rows],
  );
  const open = useMemo(
    () => ({ title: 'Fold the group, or show packets last seen there', run: () => openRow(selected) }),
    [openRow, selected],
  );
  useListKeys('health', 'Health', 'probe', { count: rows.length, selected, onSelect: select, open });
  const { change, isBusy } = plan;
  const switchRow = useMemo(() => {
    if (isBusy || capture?.phase !== 'running') return undefined;
    return ({ part, isOn }: GroupRow) =>
      part !== undefined && change(switchPart(capture.spec.probes, part, !isOn, functions));
  }, [isBusy, change, capture, functions]);
  useEffect(
    () =>
      commands.register([
        { id: 'health.switch', title: 'Switch the stage or module on or off', group: 'Health', keys: [{ key: 'x' }], run: () => {
          const row = rows[selected];
          if (row?.kind === 'group') switchRow?.(row);
        } },
      ]), // biome-ignore format: a table
    [rows, selected, switchRow],
  );
  useEffect(
    () =>
      commands.register([
        { id: 'health.search', title: 'Search probes', group: 'Health', keys: [{ key: 's' }], run: () => field.current?.querySelector('input')?.select() },
        { id: 'health.grouping', title: 'Group probes by stage or module', group: 'Health', keys: [{ key: 'g' }], run: nextGrouping },
        { id: 'health.cost', title: 'Measure what the probes cost, or stop it', group: 'Health', keys: [{ key: 'e' }], run: () => setMeasuring(!cost.isOn) },
      ]), // biome-ignore format: a table
    [cost.isOn],
  );

  return (
    <section aria-label="Probes" className="flex h-full min-h-0 flex-col bg-surface">
      <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-2 py-1">
        <h2 className="text-xs font-semibold">Probes</h2>
        {isLive && <GroupSwitch capture={capture} plan={plan} price={price} />}
        <div ref={field} className="min-w-32 flex-1">
          <TextField
            label="Search"
            value={place.search}
            onValue={(search) => useHealthPlace.setState({ search })}
            onKeyDown={(event) => {
              if (event.key === 'Escape') useHealthPlace.setState({ search: '' });
              if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
            }}
          />
        </div>
        <SelectField
          label="Group by"
          className="w-36"
          title="What the probes are grouped by (g)"
          value={place.by}
          onValue={(value) => {
            const by = PROBE_GROUPINGS.find((one) => one === value);
            if (by !== undefined) useHealthPlace.setState({ by });
          }}
          options={PROBE_GROUPINGS.map((value) => ({ value, label: GROUPING_LABELS[value] }))}
        />
      </div>
      <div className="flex min-h-7 shrink-0 flex-wrap items-center gap-x-3 border-b border-line px-2 py-0.5 text-xs text-soft">
        <span className="w-full pt-0.5">
          {attachedText(capture)}
          {detaching > 0 && <span data-testid="detaching">, detaching {formatCount(detaching)} left</span>}
          {isLive && !cost.isOn && cost.failure === undefined && '. Cost is not measured.'}
        </span>
        <span className={cn('flex w-full flex-wrap items-center gap-x-3 py-0.5', !isLive && 'hidden')}>
          {capture?.phase === 'running' && (
            <OthersField
              key={capture.spec.probes.others.join()}
              others={capture.spec.probes.others}
              onOthers={(others) => isBusy || change({ ...capture.spec.probes, others })}
            />
          )}
          {capture?.phase === 'running' && capture.spec.stacks !== 'none' && (
            <Toggle
              label="Join from drops"
              title="Functions on the stacks of drops are probed from then on (--probe-stack)"
              checked={capture.spec.probes.probeStack}
              onChecked={(probeStack) => change({ ...capture.spec.probes, probeStack })}
            />
          )}
          <Toggle
            label="Measure cost"
            title="The kernel then measures every eBPF program of the host, which takes some time itself (e)"
            checked={cost.isOn}
            onChecked={setMeasuring}
          />
        </span>
        <span className="w-full pb-1 empty:hidden" role="status" data-testid="price">
          {price.text}
        </span>
        <span className="w-full pb-1 empty:hidden" role="status" aria-live="off" data-testid="cost">
          {costText(cost)}
        </span>
        {programs.phase === 'failed' && (
          <span className="w-full pb-1 text-muted">
            Programs for ends, lineage and decisions are not listed: {programs.failure.message}.
          </span>
        )}
      </div>
      {rows.length === 0 ? (
        <p className="flex-1 p-3 text-xs text-muted">
          {place.search === ''
            ? 'The source has not told its functions yet.'
            : `No probe has “${place.search}” in its name, module or state.`}
        </p>
      ) : (
        <ProbeTable
          rows={rows}
          cost={cost.table}
          sort={place.sort}
          onSort={(sort) => useHealthPlace.setState({ sort })}
          selected={selected}
          onSelect={select}
          onOpen={openRow}
          onSwitch={switchRow}
        />
      )}
      <ProbeDetail
        row={rows[selected]}
        onPrice={
          isLive && capture?.phase === 'running' && !price.isBusy
            ? ({ name, part }) =>
                part !== undefined && price.ask(name, switchPart(capture.spec.probes, part, true, functions))
            : undefined
        }
      />
    </section>
  );
}

/** Functions that take no skb, which are in no stage that could be switched: in force with Enter. */
function OthersField({
  others,
  onOthers,
}: {
  readonly others: readonly string[];
  readonly onOthers: (others: string[]) => void;
}) {
  const [value, setValue] = useState(others.join(', '));
  return (
    <TextField
      label="Without skb"
      title="Functions that take no skb, with commas between them: hops of the packet whose probed function they run in. Enter puts them in force."
      className="min-w-40 flex-1"
      value={value}
      onValue={setValue}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          setValue(others.join(', '));
          event.currentTarget.blur();
        }
        if (event.key === 'Enter') onOthers([...new Set(value.split(/[\s,]+/).filter(Boolean))]);
      }}
    />
  );
}

function nextGrouping(): void {
  const { by } = useHealthPlace.getState();
  const next = PROBE_GROUPINGS[(PROBE_GROUPINGS.indexOf(by) + 1) % PROBE_GROUPINGS.length] ?? by;
  useHealthPlace.setState({ by: next });
}

/** The group that the plan begins with: all else that was chosen is then forgotten. */
function GroupSwitch({
  capture,
  plan,
  price,
}: {
  readonly capture: CaptureState | undefined;
  readonly plan: PlanSwitch;
  readonly price: PriceTag;
}) {
  if (capture?.phase !== 'running')
    return <span className="text-xs text-muted">Start the capture to choose probes.</span>;
  const { probes } = capture.spec;
  return (
    <span className="flex items-center gap-2" title="Other probes do not begin another session">
      <Segmented
        label="Probe group"
        value={isPlain(probes) ? probes.base : CHOSEN}
        onValue={(base) => {
          if (base !== CHOSEN) plan.change({ ...planOf(base), probeStack: probes.probeStack });
        }}
        options={[
          { value: 'default', label: 'waypoints' },
          { value: 'all', label: 'all functions' },
          ...(isPlain(probes) ? [] : [{ value: CHOSEN, label: 'as chosen' } as const]),
        ]}
      />
      {!(isPlain(probes) && probes.base === 'all') && (
        <Button
          look="quiet"
          aria-disabled={price.isBusy}
          title="Measures for a second what all functions would cost; nothing is recorded there meanwhile"
          onClick={() => price.isBusy || price.ask('All functions', planOf('all'))}
        >
          Price of all
        </Button>
      )}
      {plan.problem !== '' && (
        <span role="alert" className="text-xs text-dropped">
          {plan.problem}
        </span>
      )}
    </span>
  ); // biome-ignore format: short
}

function attachedText(capture: CaptureState | undefined): string {
  switch (capture?.phase) {
    case 'running': {
      const { attached, backend, attachMs, refused } = capture;
      const refusedText = refused.length > 0 ? `, ${formatCount(refused.length)} refused` : ', none refused';
      const joined = capture.joined?.length ?? 0;
      const joinedText = joined > 0 ? `, ${formatCount(joined)} joined from drops` : '';
      return `${formatCount(attached)} attached by ${backend} in ${formatDuration(attachMs * 1e6)}${refusedText}${joinedText}`;
    }
    case 'starting':
      return 'Probes are being attached';
    default:
      return 'No probe is attached: no capture runs';
  }
}

function costText({ isOn, failure, table }: CostNow): string {
  if (failure !== undefined) return `Cost is not measured: ${failure.message}.`;
  if (!isOn) return '';
  const probes = table?.programs.get(PROBES_PROGRAM);
  if (table === undefined || probes === undefined) return 'Cost is being measured …';
  const share =
    table.cpuShare === undefined
      ? ''
      : `; with all other programs ${(100 * table.cpuShare).toFixed(1)} % of one CPU`;
  return probes.runs === 0
    ? `No probe was hit since it is measured${share}.`
    : `Probes: ${formatCount(probes.runs)} runs of ${formatCount(probes.nsPerRun)} ns each${share}.`;
}
