'use client';

import { ChevronDown, ChevronUp, Columns3 } from 'lucide-react';
import {
  COLUMN_IDS, type ColumnId, movedColumn, resetColumns, setColumns, useListing, withColumn,
} from '../../state/packets/listing.ts'; // biome-ignore format: a list
import { Button } from '../../ui/Button.tsx';
import { Popover } from '../../ui/Popover.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import { COLUMNS } from './columns.tsx';

/** Which columns the list has, and in which order. */
export function ColumnChooser() {
  const columns = useListing((state) => state.columns);
  const rest = COLUMN_IDS.filter((id) => !columns.includes(id));
  const toggle = (id: ColumnId, isOn: boolean) =>
    setColumns(isOn ? withColumn(columns, id) : columns.filter((one) => one !== id));
  return (
    <Popover
      label="Columns"
      align="end"
      trigger={
        <Button look="quiet" title="Choose columns">
          <Columns3 size={12} aria-hidden /> <span className="max-sm:sr-only">Columns</span>
        </Button>
      }
    >
      <ul aria-label="Columns of the list" className="w-64">
        {[...columns, ...rest].map((id) => {
          const place = columns.indexOf(id);
          const { label, about = label } = COLUMNS[id];
          return (
            <li key={id} className="flex items-center gap-1">
              <Toggle label={about} checked={place >= 0} onChecked={(isOn) => toggle(id, isOn)} />
              {place >= 0 && (
                <span className="ml-auto flex">
                  <Move id={id} by={-1} isOff={place === 0} />
                  <Move id={id} by={1} isOff={place === columns.length - 1} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <Button look="quiet" className="mt-1" onClick={resetColumns}>
        As at first
      </Button>
    </Popover>
  );
}

function Move({ id, by, isOff }: { readonly id: ColumnId; readonly by: -1 | 1; readonly isOff: boolean }) {
  const columns = useListing((state) => state.columns);
  const Icon = by < 0 ? ChevronUp : ChevronDown;
  return (
    <Button
      look="quiet"
      square
      aria-disabled={isOff}
      className={isOff ? 'opacity-40' : ''}
      aria-label={`Move ${COLUMNS[id].label} ${by < 0 ? 'left' : 'right'}`}
      onClick={() => setColumns(movedColumn(columns, id, by))}
    >
      <Icon size={12} aria-hidden />
    </Button>
  );
}
