/** Outcomes as lines for people, as TAP and as JUnit's XML. */
import type { Outcome } from './evaluate.ts';

const packets = (count: number) => `${count} ${count === 1 ? 'packet' : 'packets'}`;

export function textReport(outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap(({ name, isMet, packets: count, problems }) => [
    `${isMet ? '✓' : '✗'} ${name} (${packets(count)})`,
    ...problems.map((problem) => `    ${problem}`),
  ]);
  const met = outcomes.filter(({ isMet }) => isMet).length;
  return `${[...lines, `${met} of ${outcomes.length} expectations are met`].join('\n')}\n`;
}

/** Test Anything Protocol, version 14. */
export function tapReport(outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap(({ name, isMet, packets: count, problems }, i) => [
    `${isMet ? 'ok' : 'not ok'} ${i + 1} - ${name.replaceAll(/[\\#]/g, '\\$&').replaceAll(/\s+/g, ' ')}`,
    ...(isMet
      ? []
      : [
          '  ---',
          `  packets: ${count}`,
          '  problems:',
          ...problems.map((one) => `    - ${JSON.stringify(one)}`),
          '  ...',
        ]),
  ]);
  return `${['TAP version 14', `1..${outcomes.length}`, ...lines].join('\n')}\n`;
}

/** One test suite; `seconds`: how long was captured. */
export function junitReport(outcomes: readonly Outcome[], suite: string, seconds: number): string {
  const failures = outcomes.filter(({ isMet }) => !isMet).length;
  const cases = outcomes.map(({ name, isMet, packets: count, problems }) => {
    const head = `    <testcase name="${xml(name)}" classname="${xml(suite)}"`;
    return isMet
      ? `${head}/>`
      : `${head}>\n      <failure message="${xml(problems[0] ?? '')}">${xml([packets(count), ...problems].join('\n'))}</failure>\n    </testcase>`;
  });
  const counts = `tests="${outcomes.length}" failures="${failures}" errors="0" time="${seconds.toFixed(3)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="${xml(suite)}" ${counts}>
${cases.join('\n')}
  </testsuite>
</testsuites>
`;
}

/** What XML 1.0 has no character for is left out. */
const xml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
