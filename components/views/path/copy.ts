/** A path as text and as JSON, to be pasted somewhere else. */
import { describeDecision, isRefusal } from '../../../core/model/decisions.ts';
import { formatDuration } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { decisionToJson, freeToJson, hopToJson, lineageToJson } from '../../../core/model/json.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { changeTexts } from './changes.ts';
import { labelOf } from './layout.ts';
import { type PathRow, pathRows } from './rows.ts';

/** One line for each row of the table. */
export const pathText = (path: Path, names: NameBook): string =>
  pathRows(path)
    .map((row) => rowText(row, names))
    .join('\n');

function rowText(row: PathRow, names: NameBook): string {
  const time = `+${formatDuration(row.deltaNs).padEnd(8)}`;
  if (row.kind === 'decision') {
    const mark = isRefusal(row.of) ? 'x' : '>';
    const took = row.of.durationNs === 0 ? '' : ` (took ${formatDuration(row.of.durationNs)})`;
    return `    ${time} ${''.padEnd(16)} ${'  '.repeat(row.depth + 1)}${mark} ${describeDecision(row.of, names)}${took}`;
  }
  const { of: hop, notes } = row;
  const changes = changeTexts(hop, names).map(({ label, before, after }) => `${label} ${before} -> ${after}`);
  const where = `${names.netnsName(hop.netns)}/${hop.state.device ?? ''}`.padEnd(16);
  const said = [...notes, ...changes].join(', ');
  return `${String(row.hop + 1).padStart(3)} ${time} ${where} ${'  '.repeat(hop.depth)}${labelOf(hop, names)}${said === '' ? '' : `  [${said}]`}`;
}

/** One JSON object a line, as `--json` prints them: hops, decisions, lineage and the end, in the order of their times. */
export function pathJson({ hops, decisions, origins, children, free }: Path, names: NameBook): string {
  const lines = [
    ...hops.map((hop) => ({ at: hop, json: hopToJson(hop, names, 0) })),
    ...decisions.map((decision) => ({ at: decision, json: decisionToJson(decision, names, 0) })),
    ...[...origins, ...children].map((lineage) => ({ at: lineage, json: lineageToJson(lineage, 0) })),
    ...(free === undefined ? [] : [{ at: free, json: freeToJson(free, 0) }]),
  ];
  // the sort is stable: of one moment, hops come before what was decided there
  return lines
    .sort((a, b) => a.at.timeNs - b.at.timeNs)
    .map(({ json }) => JSON.stringify(json))
    .join('\n');
}
