/**
 * A page of its own: packets with their story, why they ended so, a drawing of their way, and every hop. Needs nothing but a
 * browser: no network, no other file. What packets and hosts say is text in it, never markup.
 */

import { decisionFunction, decisionKind } from '../deciders.ts';
import { verdictWord } from '../decisions.ts';
import { diagnosisLines, type Explanation } from '../explanation.ts';
import { formatCount, formatDuration, verdictText } from '../format.ts';
import type { Decision, Hop, Path } from '../hop.ts';
import type { NameBook } from '../names.ts';
import { VERDICT } from '../packet.ts';
import { storyOf } from '../story/index.ts';
import { packetText } from '../story/words.ts';
import { deviceOf } from './device.ts';
import { unixNs } from './time.ts';

/** What it is about. */
export interface HtmlSubject {
  /** Of the recording. */
  readonly title: string;
  /** Host and kernel. */
  readonly source: string;
  readonly application: string;
  /** Wall clock (ms since 1970) at the records' time 0. */
  readonly baseUnixMs: number;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const inText = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d9dde1,#2a3036);--soft:light-dark(#5a646e,#9aa5b0);--bad:light-dark(#b3261e,#ff7a70);
--good:light-dark(#11734a,#4cc38a);--warn:light-dark(#8a5a00,#e5b45a);--raised:light-dark(#f5f6f7,#171c21);--page:light-dark(#fff,#101417)}
body{margin:0;background:var(--page);font:13px/1.5 system-ui,sans-serif}
header,main{max-width:76rem;margin:auto;padding:12px 16px}
h1{font-size:18px;margin:0}h2{font-size:13px;margin:14px 0 4px}p{margin:2px 0}.soft{color:var(--soft)}
input{font:inherit;width:100%;max-width:30rem;padding:4px 8px;margin-top:8px}
details{border-top:1px solid var(--line)}summary{cursor:pointer;padding:6px 0;display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline}
summary b{min-width:4.5rem}.dropped{color:var(--bad)}.delivered,.forwarded{color:var(--good)}
.why{border-left:3px solid var(--warn);padding:2px 10px;white-space:pre-wrap}
ol{margin:0;padding-left:22px}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:2px 10px 2px 0;vertical-align:top;
border-bottom:1px solid var(--line);font-weight:normal}th{color:var(--soft)}td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
code{font:12px/1.5 ui-monospace,monospace}.decided td{color:var(--soft);border:0}.drawing{overflow-x:auto;background:var(--raised);padding:4px}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg line{stroke:var(--line)}svg polyline{fill:none;stroke:var(--soft)}
svg circle{fill:var(--good)}svg circle.drop{fill:var(--bad)}
@media print{input{display:none}}`;

/** Hides what does not have the words; without it the page is all there. */
const SCRIPT = `const find=document.querySelector('input');find.hidden=false;find.addEventListener('input',()=>{const words=find.value.toLowerCase()
.split(/\\s+/);for(const one of document.querySelectorAll('details')){const text=one.querySelector('summary').textContent.toLowerCase();
one.hidden=!words.every((word)=>text.includes(word))}});`;

/** Up to the first packet. */
export const htmlHead = ({ title, source, application, baseUnixMs }: HtmlSubject): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${inText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${inText(title)}</h1>
<p class="soft">${inText(source)}, ${new Date(baseUnixMs).toISOString().slice(0, 19).replace('T', ' ')} UTC at time 0; by ${inText(application)}</p>
<input type="search" aria-label="Find packets" placeholder="Find: an address, a verdict, a namespace …" hidden>
</header>
<main>
`;

/** Behind the last packet; `note`: what is not in it. */
export const htmlEnd = (note: string): string =>
  `${note === '' ? '' : `<p class="soft">${inText(note)}</p>\n`}</main>\n<script>${SCRIPT}</script>\n</body>\n</html>\n`;

/** One packet; those that were dropped are open, others when they are asked to be. */
export function packetHtml(
  { row, path, diagnosis }: Explanation,
  names: NameBook,
  baseUnixMs: number,
  isOpen = row.verdict === VERDICT.dropped,
): string {
  const state =
    path.hops.findLast((hop) => hop.state.ip !== undefined)?.state ?? path.hops.at(-1)?.state ?? {};
  const verdict = verdictText(row.verdict);
  const reason = row.verdict === VERDICT.dropped ? ` ${names.reasonName(row.reason)}` : '';
  const from = names.netnsName(row.firstNetns);
  const to = names.netnsName(row.lastNetns);
  const steps = storyOf(path, names, { verdict: row.verdict, diagnosis });
  const why = diagnosis === undefined ? [] : diagnosisLines(diagnosis);
  return `<details id="packet-${row.packet}"${isOpen ? ' open' : ''}>
<summary><b>${formatCount(row.packet)}</b><span>${inText(packetText(state))}</span><span class="soft">${inText(from === to ? from : `${from} → ${to}`)}</span>
<span class="${verdict.replace(' ', '-')}">${inText(`${verdict}${reason}`)}</span><span class="soft">${formatCount(row.hops)} hops, ${formatDuration(row.lastNs - row.firstNs)}, ${clockOf(row.firstNs, baseUnixMs)}</span></summary>
${why.length === 0 ? '' : `<h2>Why</h2>\n<div class="why">${inText(why.join('\n'))}</div>\n`}<h2>Story</h2>
<ol>${steps.map(({ text, notes, tookNs }) => `<li>${inText(text)} <span class="soft">${formatDuration(tookNs)}</span>${notes.map((note) => `<br><span class="soft">${inText(note)}</span>`).join('')}</li>`).join('\n')}</ol>
<h2>Way</h2>
<div class="drawing">${drawing(path, names)}</div>
<h2>Hops</h2>
<table><thead><tr><th>#</th><th>Δ</th><th>Where</th><th>Function</th><th>What changed</th></tr></thead>
<tbody>
${hopRows(path, names)}
</tbody></table>
</details>
`;
}

/** UTC, to the microsecond. */
function clockOf(timeNs: number, baseUnixMs: number): string {
  const us = unixNs(baseUnixMs, timeNs) / 1000n;
  const time = new Date(Number(us / 1000n)).toISOString().slice(11, 23);
  return `${time}${String(us % 1000n).padStart(3, '0')}`;
}

const placeOf = (hop: Hop, names: NameBook): string => {
  const netns = hop.netns === 0 ? '' : names.netnsName(hop.netns);
  return [netns, deviceOf(hop, names)].filter((text) => text !== '').join(' ');
};

const functionOf = (hop: Hop, names: NameBook): string =>
  hop.kind === 'hop'
    ? names.functionName(hop.func)
    : `dropped ${names.reasonName(hop.reason)} in ${names.locationName(hop.location)}`;

function hopRows({ hops, decisions }: Path, names: NameBook): string {
  const rows: string[] = [];
  const decided = (after: number) => {
    for (const decision of decisions) if (decision.index === after) rows.push(decisionRow(decision));
  };
  decided(-1);
  for (const [i, hop] of hops.entries()) {
    const changes = hop.changes.map(({ field, before, after }) => `${field} ${before} → ${after}`).join(', ');
    rows.push(
      `<tr><td class="n">${i + 1}</td><td class="n">${i === 0 ? '' : `+${formatDuration(hop.deltaNs)}`}</td><td>${inText(placeOf(hop, names))}</td><td><code${hop.kind === 'drop' ? ' class="dropped"' : ''}>${inText(functionOf(hop, names))}</code></td><td>${inText(changes)}</td></tr>`,
    );
    decided(i);
  }
  return rows.join('\n');
}

function decisionRow(decision: Decision): string {
  const { rule } = decision;
  const by = decisionFunction(decision);
  const where = [rule?.table, rule?.chain].filter((text) => text !== undefined && text !== '').join(' ');
  const text = `${decisionKind(decision)}: ${verdictWord(decision)}${by === '' ? '' : ` by ${by}`}${where === '' ? '' : `, ${where}`}`;
  return `<tr class="decided"><td></td><td></td><td></td><td colspan="2">↳ ${inText(text)}</td></tr>`;
}

const STEP = 14;
const LANE = 22;
const LABEL = 170;
/** Of a longer path the first are drawn. */
const DRAWN_MAX = 600;

/** Its places from top to bottom, its hops from left to right. */
function drawing({ hops }: Path, names: NameBook): string {
  const drawn = hops.slice(0, DRAWN_MAX);
  const lanes = [...new Set(drawn.map((hop) => placeOf(hop, names)))];
  const width = LABEL + STEP * (drawn.length + 1);
  const height = LANE * lanes.length + 8;
  const y = (lane: number) => LANE * lane + LANE / 2 + 4;
  const points = drawn.map((hop, i) => ({
    hop,
    x: LABEL + STEP * (i + 1),
    y: y(lanes.indexOf(placeOf(hop, names))),
  }));
  const labels = lanes.map(
    (lane, i) =>
      `<text x="4" y="${y(i) + 4}">${inText(lane.slice(0, 28))}</text><line x1="${LABEL}" x2="${width}" y1="${y(i)}" y2="${y(i)}"/>`,
  );
  const circles = points.map(
    ({ hop, x, y: at }) =>
      `<circle cx="${x}" cy="${at}" r="4"${hop.kind === 'drop' ? ' class="drop"' : ''}><title>${inText(functionOf(hop, names))}</title></circle>`,
  );
  return `<svg width="${width}" height="${height}" role="img" aria-label="${hops.length} hops through ${lanes.length} places">${labels.join('')}<polyline points="${points.map(({ x, y: at }) => `${x},${at}`).join(' ')}"/>${circles.join('')}</svg>${hops.length > DRAWN_MAX ? `<p class="soft">The first ${DRAWN_MAX} of ${formatCount(hops.length)} hops.</p>` : ''}`;
}
