/** `skbtracer man`: the manual page, made of what --help says; `skbtracer man | man -l -`, or into …/man/man8/skbtracer.8. */
import { HELP } from './usage.ts';

/** What --help has no room for. */
const MORE = `
.SH ENVIRONMENT
.TP
.BR HOST ", " PORT
Where
.B serve
listens: 127.0.0.1 and 3000 otherwise.
.TP
.B XDG_STATE_HOME
Where recordings of sessions are, in skbtracer/recordings; ~/.local/state otherwise.
.TP
.B SKBTRACER_USER
Whom the server of
.B serve
becomes when it is started by root without sudo: nobody otherwise.
.TP
.B NO_COLOR
No colours, on a terminal either.
.TP
.B TMPDIR
Where
.B query
and Parquet make their tables.
.SH FILES
.TP
.I ~/.local/state/skbtracer/recordings
Sessions that
.B serve
has kept.
.TP
.I /run/skbtracer/kernel
What a start has found out about the kernel, for the next one.
.SH EXAMPLES
.TP
.B skbtracer \\-\\-proto=icmp \\-H 1.2.3.4 \\-\\-icmpid 22
Every step of a ping.
.TP
.B skbtracer \\-\\-why \\(aqtcp port 443\\(aq
What became of packets that did not get where they should.
.TP
.B skbtracer record \\-o case.skbt \\-\\-freeze drop:NETFILTER_DROP \\-\\-last 60s
The minute before the firewall drops a packet.
.TP
.B skbtracer query case.skbt \\(aqSELECT * FROM named_drops\\(aq
What was dropped, where, why.
.SH SEE ALSO
.BR pcap-filter (7),
.BR nft (8),
.BR ip-netns (8),
.BR tcpdump (8),
.BR bpf (2)
`;

/** Text that roff leaves as it is. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replace(/^\./, '\\&.')
    .replace(
      /[^ -~\n]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );

/** In bold where a flag or a command begins, the rest as it is: `-H, --ipaddr ADDRESS`. */
const term = (text: string): string =>
  plain(text).replace(/(^|[\s,[|])((?:\\-){1,2}[A-Za-z][\w]*(?:\\-[\w]+)*)/g, '$1\\fB$2\\fR');

/** A flag's line in --help: what it is called, and from which column on what it says. */
const FLAG = /^ {2,6}(-.*?)(?: {2,}|$)(.*)$/;
const COMMAND = /^ {2}(skbtracer .*?) {2,}(.*)$/;

/** The day that a page is of: today, or that of SOURCE_DATE_EPOCH if there is one, by which packages are the same bytes whenever they are made. */
export function pageDay(seconds = ''): string {
  const date = /^\d{1,11}$/.test(seconds) ? new Date(Number(seconds) * 1000) : new Date();
  return date.toISOString().slice(0, 10);
}

/** The page for a version, of a day (`2026-11-30`). */
export function manPage(version: string, day: string): string {
  const [head = '', commands = '', ...rest] = HELP.split('\n\n');
  const out = [
    `.TH SKBTRACER 8 "${day}" "skbtracer ${version}" "System Manager's Manual"`,
    '.SH NAME',
    `skbtracer \\- ${plain(head.replace(/^skbtracer follows/, 'follow').replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
  ];
  const about: string[] = [];
  for (const line of commands.split('\n')) {
    const [, form = line.trim(), what = ''] = COMMAND.exec(line) ?? [];
    out.push(term(form), '.br');
    about.push('.TP', term(form), plain(what));
  }
  out.push('.SH COMMANDS', ...about, '.SH OPTIONS');
  for (const part of rest) out.push(...(part.startsWith('record:') ? paragraphs(part) : section(part)));
  return `${out.join('\n')}${MORE}`;
}

/** A heading, and flags below it. */
function section(part: string): readonly string[] {
  const [title = '', ...lines] = part.split('\n');
  const [, name = title, about = ''] = /^(.*?)(?: \((.*)\))?:?$/.exec(title) ?? [];
  const out = [`.SS ${plain(name)}`];
  if (about !== '') out.push(plain(`${about.charAt(0).toUpperCase()}${about.slice(1)}.`));
  for (const line of lines) {
    const [, flag, what = ''] = FLAG.exec(line) ?? [];
    if (flag === undefined) out.push(plain(line.trim()));
    else out.push('.TP', term(flag), plain(what));
  }
  return out;
}

/** `record: what it takes`, with lines that go on below it; the last is about exit statuses. */
function paragraphs(part: string): readonly string[] {
  const out = ['.SS Of single commands'];
  for (const line of part.split('\n')) {
    const [, command, what = ''] = /^([a-z]+|Exit status): (.*)$/i.exec(line) ?? [];
    if (command === 'Exit status') out.push('.SH EXIT STATUS', plain(what));
    else if (command === undefined) out.push(term(line.trim()));
    else out.push('.TP', `.B ${command}`, term(what));
  }
  return out;
}
