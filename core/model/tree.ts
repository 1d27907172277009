/** A packet's whole life as `--format tree` prints it: who it is, how it ended, and its story as branches. */
import { L4_KIND } from '../wire/layout.gen.ts';
import { type ClassicOptions, lineTime } from './classic.ts';
import { diagnosisLines, type Explanation } from './explanation.ts';
import { formatDuration, verdictText } from './format.ts';
import type { Hop } from './hop.ts';
import type { NameBook } from './names.ts';
import { type PacketRow, VERDICT, type Verdict } from './packet.ts';
import type { Paint } from './paint.ts';
import { storyOf } from './story/index.ts';
import { packetText } from './story/words.ts';

/** Lines without line ends; an empty one is the last. */
export function treeLines(
  { row, path, diagnosis }: Explanation,
  names: NameBook,
  options: ClassicOptions,
  paint: Paint,
): readonly string[] {
  const steps = storyOf(path, names, { verdict: row.verdict });
  const from = names.netnsName(row.firstNetns);
  const to = names.netnsName(row.lastNetns);
  const origin = path.parent === 0 ? '' : ` out of packet ${path.parent}`;
  // UDP has its ports written later than IP its addresses
  const isWhole = ({ state: { ip, l4 } }: Hop) =>
    ip !== undefined &&
    (l4 === undefined || l4.sport !== 0 || (l4.kind !== L4_KIND.udp && l4.kind !== L4_KIND.tcp));
  const state = (path.hops.find(isWhole) ?? path.hops[0])?.state ?? {};
  const head = [
    paint.faint(lineTime(row.firstNs, options)),
    `packet ${row.packet}${origin}`,
    paint.strong(packetText(state)),
    from === to ? from : `${from} → ${to}`,
    verdictWords(row, names, paint),
    paint.faint(
      `${row.hops} ${row.hops === 1 ? 'hop' : 'hops'}, ${formatDuration(row.lastNs - row.firstNs)}`,
    ),
  ].join('  ');
  // nothing of what ended as packets usually do
  const why = diagnosis === undefined || diagnosis.tone === 'ordinary' ? [] : diagnosisLines(diagnosis);
  const branches = steps.flatMap(({ text, notes, tookNs, tone }, i) => {
    const isLast = i === steps.length - 1 && why.length === 0;
    const said = tone === 'change' || tone === 'end' ? paint.strong(text) : text;
    return [
      `${isLast ? '└─' : '├─'} ${said}  ${paint.faint(tone === 'slow' ? `slow: ${formatDuration(tookNs)}` : formatDuration(tookNs))}`,
      ...notes.map((note) => `${isLast ? '  ' : '│ '}   ${paint.faint(note)}`),
    ];
  });
  const [title, ...rest] = why;
  return [
    head,
    ...branches,
    ...(title === undefined ? [] : [`└─ ${paint.bad(title)}`, ...rest.map((line) => `     ${line}`)]),
    '',
  ];
}

const SIGNS: Readonly<Record<Verdict, string>> = {
  [VERDICT.inFlight]: '…',
  [VERDICT.delivered]: '✓',
  [VERDICT.forwarded]: '→',
  [VERDICT.dropped]: '✗',
  [VERDICT.consumed]: '–',
};

function verdictWords({ verdict, reason }: PacketRow, names: NameBook, paint: Paint): string {
  const text = `${SIGNS[verdict]} ${verdictText(verdict)}`;
  if (verdict === VERDICT.dropped) return paint.bad(`${text} ${names.reasonName(reason)}`);
  return verdict === VERDICT.delivered || verdict === VERDICT.forwarded ? paint.good(text) : text;
}
