import { ArrowRight } from 'lucide-react';
import { formatCount, protocolName, verdictName } from '../../../core/model/format.ts';
import { PATH_UNKNOWN, PATHS_NUMBERED_MAX } from '../../../core/model/path-table.ts';
import { wayOf, wayText } from '../../../core/model/path-text.ts';
import { useNames } from '../../state/names.ts';
import type { Groups } from '../../state/packets/groups.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { VerdictBadge, VerdictIcon } from '../../ui/Verdict.tsx';
import type { CellFacts } from './columns.tsx';

interface GroupNameProps {
  readonly by: Groups['by'];
  /** What the group is known by: of lineage and path their number. */
  readonly root: number;
  /** Its first row. */
  readonly sample: CellFacts;
}

/** What the rows of a group have in common. */
export function GroupName({ by, root, sample: { row, cells } }: GroupNameProps) {
  if (by === 'path') return <PathName path={root} />;
  if (by === 'verdict')
    return (
      <span className="truncate font-medium">
        <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
      </span>
    );
  const namespace = cells.namespaces[0];
  const ends = [cells.source, cells.destination].filter((end) => end !== '');
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5 font-medium">
      {by === 'lineage' && <span className="shrink-0">Packet {root}</span>}
      {by === 'flow' && namespace !== undefined && <NetnsName name={namespace} />}
      <span className="shrink-0">{protocolName(row)}</span>
      <span className="truncate">{ends[0]}</span>
      {ends.length > 1 && <ArrowRight size={10} aria-label="to" className="shrink-0 text-muted" />}
      <span className="truncate">{ends[1]}</span>
    </span>
  );
}

/** Through which namespaces and interfaces it leads, and where it ends. */
function PathName({ path }: { readonly path: number }) {
  const book = useNames((state) => state.book);
  const way = wayOf(book, path);
  if (way === undefined)
    return (
      <span className="truncate font-medium">
        {path === PATH_UNKNOWN
          ? 'Path not known: its first hops, or all, are not in memory'
          : `Beyond the ${formatCount(PATHS_NUMBERED_MAX)} paths that are told apart`}
      </span>
    );
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5" title={wayText(way)}>
      <span className="shrink-0 font-medium">Path {path}</span>
      <span className="inline-flex min-w-0 items-center gap-1.5 overflow-hidden">
        {way.parts.map(({ namespace, interfaces }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a namespace may be there twice, its place tells which
          <span key={i} className="inline-flex shrink-0 items-center gap-1.5">
            {i > 0 && <ArrowRight size={10} aria-label="to" className="shrink-0 text-muted" />}
            <NetnsName name={namespace} />
            {interfaces.length > 0 && <span className="text-soft">{interfaces.join(' ')}</span>}
          </span>
        ))}
      </span>
      {way.reason === '' ? (
        <span className="min-w-0 truncate text-muted max-sm:hidden">{way.end}</span>
      ) : (
        <span className="inline-flex shrink-0 items-center gap-1 text-dropped">
          <VerdictIcon verdict="dropped" />
          {way.reason}
        </span>
      )}
    </span>
  );
}
