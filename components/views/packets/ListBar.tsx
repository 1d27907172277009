'use client';

import { Pause, Play } from 'lucide-react';
import { formatCount } from '../../../core/model/format.ts';
import { GROUPINGS, type Grouping } from '../../state/packets/groups.ts';
import { setGrouping, useListing } from '../../state/packets/listing.ts';
import { Button } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { ColourRules } from './ColourRules.tsx';
import { ColumnChooser } from './ColumnChooser.tsx';

const GROUPING_LABELS: Readonly<Record<Grouping, string>> = {
  none: 'not at all',
  flow: 'by flow',
  lineage: 'by lineage',
  path: 'by path',
  verdict: 'by verdict',
};

interface ListBarProps {
  /** That pass, and of how many; alike when everything passes. */
  readonly rows: number;
  readonly shown: number;
  readonly groups: number | undefined;
  readonly isPaused: boolean;
  readonly waiting: number;
  readonly onPause: () => void;
  /** `Copied as JSON`, for a moment. */
  readonly said: string;
}

/** How many packets the list has, and how it lists them. */
export function ListBar({ rows, shown, groups, isPaused, waiting, onPause, said }: ListBarProps) {
  const grouping = useListing((state) => state.grouping);
  return (
    <div className="flex h-9 shrink-0 items-center gap-2 overflow-x-auto border-b border-line px-2 max-sm:h-11">
      <h2 className="text-xs font-semibold">Packets</h2>
      <span className="whitespace-nowrap text-muted" role="status" aria-live="off">
        {rows === shown ? formatCount(shown) : `${formatCount(rows)} of ${formatCount(shown)}`}
        {groups !== undefined && ` in ${formatCount(groups)} group${groups === 1 ? '' : 's'}`}
      </span>
      <Button look={isPaused ? 'outline' : 'quiet'} onClick={onPause} aria-pressed={isPaused}>
        {isPaused ? <Play size={12} aria-hidden /> : <Pause size={12} aria-hidden />}
        {isPaused ? (waiting > 0 ? `Resume, ${formatCount(waiting)} new` : 'Resume') : 'Pause'}
      </Button>
      <span className="ml-auto whitespace-nowrap text-soft" role="status">
        {said}
      </span>
      <SelectField
        label="Group"
        className="w-[8.6rem] shrink-0"
        value={grouping}
        onValue={(value) => setGrouping(GROUPINGS.find((one) => one === value) ?? 'none')}
        options={GROUPINGS.map((one) => ({ value: one, label: GROUPING_LABELS[one] }))}
      />
      <ColumnChooser />
      <ColourRules />
    </div>
  );
}
