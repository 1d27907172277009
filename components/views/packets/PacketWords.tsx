import type { RowCells } from './text.ts';

/** What a packet is, in a line: protocol, what kind of it, from where to where. */
export function PacketWords({
  cells: { protocol, detail, source, destination },
}: {
  readonly cells: RowCells;
}) {
  return (
    <span className="min-w-0 truncate">
      <span className="font-medium">{protocol}</span> <span className="text-soft">{detail}</span> {source}
      {destination !== '' && <span className="text-muted"> → </span>}
      {destination}
    </span>
  );
}
