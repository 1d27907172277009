/** The doctor's report as text: what was looked at, a line each, and below what is not well. */
import type { DoctorReport, SelfTest } from '../../../core/messages/doctor.ts';
import type { Finding } from '../../../core/model/doctor/index.ts';
import { formatDuration } from '../../../core/model/format.ts';

const MARKS = { ok: '✓', limited: '!', missing: '✗' } as const;
/** ANSI: green, yellow, red. */
const COLOURS = { ok: 32, limited: 33, missing: 31 } as const;
/** Column of what was found. */
const WIDTH = 42;

type State = keyof typeof MARKS;

/** Colours are used where somebody looks at a terminal and has not said otherwise (no-color.org). */
export function reportText(report: DoctorReport, isColoured: boolean): string {
  const mark = (state: State) =>
    isColoured ? `\x1b[${COLOURS[state]}m${MARKS[state]}\x1b[0m` : MARKS[state];
  const { kernel, architecture, cpus, findings, selfTest } = report;
  return [
    `Linux ${kernel}, ${architecture}, ${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}`,
    '',
    ...findings.flatMap((finding) => findingLines(finding, mark)),
    ...(selfTest === null ? [] : ['', ...selfTestLines(selfTest, mark)]),
    '',
    verdictText(report),
  ].join('\n');
}

const line = (mark: string, what: string, seen: string): string => `${mark} ${what.padEnd(WIDTH)} ${seen}`;
const below = (what: string, seen: string): string => `  ${what.padEnd(WIDTH)} ${seen}`;

function findingLines(
  { title, state, found, effect, advice }: Finding,
  mark: (state: State) => string,
): string[] {
  const head = line(mark(state), title, found);
  return state === 'ok' ? [head] : [head, below('', effect), below('', `→ ${advice}`)];
}

function selfTestLines(selfTest: SelfTest, mark: (state: State) => string): string[] {
  if (selfTest.refused !== '') return [line(mark('missing'), 'Self-test', `not run: ${selfTest.refused}`)];
  const lines = [
    `Self-test: known datagrams from one namespace to another (${formatDuration(selfTest.tookMs * 1e6)})`,
  ];
  let group = '';
  for (const check of selfTest.checks) {
    if (check.group !== group) lines.push('', check.group);
    group = check.group;
    if (check.isOk) lines.push(line(mark('ok'), check.name, check.seen));
    else
      lines.push(
        line(mark('missing'), check.name, `expected ${check.expected || 'nothing'}`),
        below('', `seen ${check.seen || 'nothing'}`),
      );
  }
  return [...lines, ...selfTest.remarks.map((remark) => line(mark('limited'), 'Not tested', remark))];
}

/** All of it in one line, with what to do first. */
export function verdictText({ findings, selfTest, isWell }: DoctorReport): string {
  const missing = findings.find(({ state }) => state === 'missing');
  if (missing !== undefined)
    return `Not well: ${missing.title}: ${missing.found.replace(/\.$/, '')}. ${missing.advice}`;
  if (selfTest !== null && selfTest.refused !== '')
    return `Not known: the self-test was not run: ${selfTest.refused}`;
  const checks = selfTest?.checks ?? [];
  const wrong = checks.filter(({ isOk }) => !isOk);
  const [first] = wrong;
  if (first !== undefined)
    return `Not well: ${wrong.length} of ${checks.length} checks failed, the first: ${first.group}, ${first.name}: expected ${first.expected || 'nothing'}, seen ${first.seen || 'nothing'}`;
  const limits = findings.filter(({ state }) => state === 'limited').length;
  const tested = selfTest === null ? 'no self-test' : `${checks.length} checks hold`;
  return `${isWell ? 'Well' : 'Not well'}: ${tested}; ${limits === 0 ? 'nothing is limited' : `${limits} ${limits === 1 ? 'limit' : 'limits'} to what is seen (!)`}`;
}
