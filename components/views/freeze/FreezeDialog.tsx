'use client';

import { Snowflake } from 'lucide-react';
import { useMemo } from 'react';
import { FROZEN_TOLD_MAX, type Freezing, type Frozen } from '../../../core/messages/freezing.ts';
import { formatCount } from '../../../core/model/format.ts';
import {
  changeFreeze, closeFreeze, type FreezeDraft, freezeNow, readDraft, useFreeze, waitToFreeze,
} from '../../state/freezing.ts'; // biome-ignore format: a list
import { useNames } from '../../state/names.ts';
import { pageOf } from '../../state/recordings.ts';
import { useSession } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { SelectField, TextField } from '../../ui/Field.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import { dayAndClock } from '../health/time.ts';
import { triggersText } from './text.ts';

const choices = (values: readonly (readonly [number, string])[]) =>
  values.map(([value, label]) => ({ value: String(value), label }));
const LAST = choices([
  [10_000, '10 s'],
  [30_000, '30 s'],
  [60_000, '1 min'],
  [300_000, '5 min'],
  [1_800_000, '30 min'],
  [3_600_000, '1 h'],
]);
const AFTER = choices([
  [0, 'nothing'],
  [1000, '1 s'],
  [5000, '5 s'],
  [30_000, '30 s'],
]);
const TIMES = choices([
  [1, 'once'],
  [10, '10 times'],
  [100, '100 times'],
]);

/** What came by the command line is among what can be chosen. */
const withOwn = (options: typeof LAST, value: number, label: (value: number) => string) =>
  options.some((option) => option.value === String(value))
    ? options
    : [{ value: String(value), label: label(value) }, ...options];
const seconds = (ms: number) => `${ms / 1000} s`;

/** The last of the session as a recording of its own: now, or once something happens; and what was kept so. */
export function FreezeDialog() {
  const isOpen = useFreeze((state) => state.isOpen);
  const freezing = useSession((state) => state.stats?.freezing);
  if (!isOpen) return null;
  return (
    <Dialog
      open
      onOpenChange={(next) => next || closeFreeze()}
      title="Freeze"
      description="The last of this session as a recording of its own, which opens where it happened"
    >
      {freezing === undefined ? (
        <p className="text-xs text-soft">The server has not said yet what it can do.</p>
      ) : freezing.phase === 'off' ? (
        <p className="text-xs text-soft">It cannot be kept: {freezing.why}.</p>
      ) : (
        <Choice freezing={freezing} />
      )}
    </Dialog>
  );
}

type On = Exclude<Freezing, { phase: 'off' }>;

function Choice({ freezing }: { readonly freezing: On }) {
  const { draft, isAsking, failure } = useFreeze();
  const { book, version } = useNames();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the book is the same one, and knows more
  const known = useMemo(() => new Set([...book.reasons].map(({ name }) => name)), [book, version]);
  const { order, reasonsProblem, slowProblem } = readDraft(draft, (reason) => known.has(reason));
  const isWaiting = freezing.order !== null;
  const wrong = failure?.message ?? freezing.fault;
  return (
    <div className="space-y-4 text-xs">
      <div className="flex flex-wrap items-center gap-2">
        <SelectField
          label="The last"
          value={String(draft.lastMs)}
          options={withOwn(LAST, draft.lastMs, seconds)}
          onValue={(value) => changeFreeze({ lastMs: Number(value) })}
          title="As much of it as there is on the disk"
          className="w-36"
        />
        <Button
          look={isWaiting ? 'outline' : 'primary'}
          aria-disabled={isAsking || freezing.phase === 'writing'}
          onClick={() => isAsking || freezing.phase === 'writing' || freezeNow()}
        >
          <Snowflake size={12} aria-hidden /> Freeze now
        </Button>
        <span role="status" className="text-soft">
          {stateText(freezing)}
        </span>
      </div>
      {wrong !== '' && (
        <p role="alert" className="rounded-md bg-lost-soft px-2.5 py-1.5 text-lost">
          {wrong}
        </p>
      )}
      <fieldset className="space-y-1">
        <legend className="mb-1 font-semibold">When something happens</legend>
        <div className="flex flex-wrap items-center gap-x-3">
          <Flag draft={draft} flag="isDrop" label="A drop" />
          {draft.isDrop && (
            <TextField
              label="Reason"
              value={draft.reasons}
              onValue={(reasons) => changeFreeze({ reasons })}
              placeholder="any"
              problem={reasonsProblem}
              className="w-72 max-w-full"
            />
          )}
        </div>
        <div className="flex flex-wrap items-center gap-x-3">
          <Flag draft={draft} flag="isSlow" label="A packet that takes longer" />
          {draft.isSlow && (
            <TextField
              label="than, in ms"
              value={draft.slowMs}
              onValue={(slowMs) => changeFreeze({ slowMs })}
              inputMode="decimal"
              problem={slowProblem}
              className="w-36"
            />
          )}
        </div>
        <div className="flex flex-wrap gap-x-4">
          <Flag
            draft={draft}
            flag="newPaths"
            label="A new path"
            title="One that no packet took while it learned: for as long as is kept, from when it begins to wait"
          />
          <Flag draft={draft} flag="resets" label="TCP RST" />
          <Flag draft={draft} flag="retransmits" label="Retransmission" />
          <Flag
            draft={draft}
            flag="duplicates"
            label="Duplicate"
            title="A datagram is given to sockets twice, as two copies of one packet"
          />
        </div>
        <div className="flex flex-wrap items-center gap-2 pt-2">
          <SelectField
            label="and what follows for"
            value={String(draft.afterMs)}
            options={withOwn(AFTER, draft.afterMs, seconds)}
            onValue={(value) => changeFreeze({ afterMs: Number(value) })}
            className="w-48"
          />
          <SelectField
            label="Up to"
            value={String(draft.times)}
            options={withOwn(TIMES, draft.times, (value) => `${formatCount(value)} times`)}
            onValue={(value) => changeFreeze({ times: Number(value) })}
            title="What happens again within the time that is kept is in one more, which is made when that is over"
            className="w-32"
          />
          <Button
            look={isWaiting ? 'outline' : 'primary'}
            aria-disabled={isAsking || order === null}
            onClick={() => isAsking || order === null || waitToFreeze(order)}
          >
            {isWaiting ? 'Wait for this instead' : 'Wait for it'}
          </Button>
          {order === null && reasonsProblem === undefined && slowProblem === undefined && (
            <span className="text-muted">Choose what to wait for.</span>
          )}
          {isWaiting && (
            <Button aria-disabled={isAsking} onClick={() => isAsking || waitToFreeze(null)}>
              Stop waiting
            </Button>
          )}
        </div>
      </fieldset>
      <Kept frozen={freezing.frozen} />
    </div>
  );
}

type FlagName = { [K in keyof FreezeDraft]: FreezeDraft[K] extends boolean ? K : never }[keyof FreezeDraft];

function Flag({
  draft,
  flag,
  label,
  title,
}: {
  readonly draft: FreezeDraft;
  readonly flag: FlagName;
  readonly label: string;
  readonly title?: string;
}) {
  return (
    <Toggle
      label={label}
      checked={draft[flag]}
      onChecked={(checked) => changeFreeze({ [flag]: checked })}
      {...(title !== undefined && { title })}
    />
  );
}

/** What was kept since the server started, newest first. */
function Kept({ frozen }: { readonly frozen: readonly Frozen[] }) {
  if (frozen.length === 0) return null;
  return (
    <section aria-labelledby="frozen">
      <h3 id="frozen" className="mb-1 font-semibold">
        {frozen.length < FROZEN_TOLD_MAX
          ? 'Kept'
          : `The newest ${FROZEN_TOLD_MAX} that were kept; Recordings has all`}
      </h3>
      <ul>
        {frozen.map(({ name, packet, why, atUnixMs }) => (
          <li key={name}>
            <a
              href={pageOf(name)}
              className="flex items-baseline gap-3 rounded-md px-2 py-1 hover:bg-hover"
              title="Open this recording where it happened"
            >
              <span className="text-muted tabular-nums">{dayAndClock(atUnixMs, new Date())}</span>
              <span className="min-w-0 flex-1 text-text underline underline-offset-2">
                {packet === 0 ? 'By hand' : `Packet ${formatCount(packet)}: ${why}`}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function stateText({ phase, order }: On): string {
  if (phase === 'writing') return 'It is being written …';
  if (phase === 'after') return 'It happened, and is kept once what follows is there …';
  if (order === null) return '';
  const left = order.times === 1 ? 'once' : `up to ${formatCount(order.times)} times`;
  return `Waiting, ${left}, for ${triggersText(order.triggers)}`;
}
