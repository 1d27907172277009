/** A packet's end and its cause, as `--why` prints it. */
import { type ClassicOptions, lineTime, packetInfo } from './classic.ts';
import type { Diagnosis } from './diagnosis/index.ts';
import { verdictText } from './format.ts';
import type { Path } from './hop.ts';
import type { JsonObject } from './json.ts';
import type { NameBook } from './names.ts';
import { type PacketRow, VERDICT } from './packet.ts';

/** One packet's end in words. */
export interface Explanation {
  readonly row: PacketRow;
  readonly path: Path;
  readonly diagnosis: Diagnosis | undefined;
}

/** Worth a person's time: it did not end as packets usually do. */
export const isRemarkable = ({ row, diagnosis }: Explanation): boolean =>
  row.verdict === VERDICT.dropped || (diagnosis !== undefined && diagnosis.tone !== 'ordinary');

/**
 * `packet 12 U:10.1.0.2:40000->10.1.0.3:9998 web -> db: dropped NO_SOCKET`, and indented below it what happened,
 * the evidence (`-`) and what to do (`>`), with the command for it.
 */
export function explanationLines(
  { row, path, diagnosis }: Explanation,
  names: NameBook,
  options: ClassicOptions,
): readonly string[] {
  const from = names.netnsName(row.firstNetns);
  const to = names.netnsName(row.lastNetns);
  const reason = row.verdict === VERDICT.dropped ? ` ${names.reasonName(row.reason)}` : '';
  const state =
    path.hops.findLast((hop) => hop.state.ip !== undefined)?.state ?? path.hops.at(-1)?.state ?? {};
  const head = `${lineTime(row.lastNs, options)} packet ${row.packet} ${packetInfo(state)} ${from === to ? to : `${from} -> ${to}`}: ${verdictText(row.verdict)}${reason}`;
  return [head, ...(diagnosis === undefined ? [] : diagnosisLines(diagnosis)).map((line) => `    ${line}`)];
}

/** What happened, the evidence (`-`) and what to do (`>`), with the command for it further in. */
export function diagnosisLines({ title, certainty, evidence, advice }: Diagnosis): readonly string[] {
  return [
    `${title}${certainty === 'likely' ? ' (likely)' : ''}`,
    ...evidence.map(({ text }) => `- ${text}`),
    ...advice.flatMap(({ text, command }) => [
      `> ${text}`,
      ...(command === undefined ? [] : [`    ${command}`]),
    ]),
  ];
}

/** The same as an object; see docs/json-output.md. */
export function explanationToJson({ row, diagnosis }: Explanation, names: NameBook): JsonObject {
  return {
    kind: 'diagnosis',
    time_ns: row.lastNs,
    packet: row.packet,
    verdict: verdictText(row.verdict),
    ...(row.verdict === VERDICT.dropped && { reason: names.reasonName(row.reason) }),
    ...(diagnosis && {
      rule: diagnosis.rule,
      category: diagnosis.category,
      tone: diagnosis.tone,
      certainty: diagnosis.certainty,
      title: diagnosis.title,
      evidence: diagnosis.evidence.map(({ text }) => text),
      advice: diagnosis.advice.map(({ text, command }) => ({
        text,
        ...(command !== undefined && { command }),
      })),
    }),
  };
}
