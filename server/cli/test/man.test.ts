import { describe, expect, it, vi } from 'vitest';
import { COMMAND_FLAGS } from '../flags.ts';
import { manPage, pageDay } from '../man.ts';

const page = manPage('1.2.3', '2026-11-30');
/** As a reader sees it, without fonts. */
const text = page
  .replace(/\\f[BR]/g, '')
  .replaceAll('\\-', '-')
  .replaceAll('\\(aq', "'");

describe('the manual page', () => {
  it('has every command and every flag', () => {
    for (const [command, flags] of Object.entries(COMMAND_FLAGS)) {
      expect(text).toMatch(new RegExp(`skbtracer \\[?${command}`));
      for (const flag of Object.keys(flags)) expect(text, `${command} --${flag}`).toContain(`--${flag}`);
    }
  });

  it('has flags in bold, with what they say below', () => {
    expect(page).toContain(
      '.TP\n\\fB\\-H\\fR, \\fB\\-\\-ipaddr\\fR ADDRESS\nfrom or to this IPv4 or IPv6 address\n',
    );
    expect(page).toContain('.SS Which packets');
  });

  it('has the sections that are expected, and no line that roff would take for a request of its own', () => {
    const requests = page.split('\n').filter((line) => line.startsWith('.'));
    for (const line of requests) expect(line).toMatch(/^\.(TH|SH|SS|TP|BR|B|I|br)\b/);
    expect(requests.filter((line) => line.startsWith('.SH'))).toEqual([
      '.SH NAME', '.SH SYNOPSIS', '.SH COMMANDS', '.SH OPTIONS', '.SH EXIT STATUS', '.SH ENVIRONMENT', '.SH FILES',
      '.SH EXAMPLES', '.SH SEE ALSO',
    ]); // biome-ignore format: a list
    expect(page.split('\n').some((line) => line.startsWith("'"))).toBe(false);
  });

  it('is of the day that a package is made of, or of today', () => {
    expect(pageDay('1700000000')).toBe('2023-11-14');
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 30, 23, 59) });
    for (const seconds of [undefined, '', 'soon']) expect(pageDay(seconds)).toBe('2026-11-30');
    vi.useRealTimers();
  });
});
