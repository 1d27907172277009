import { describe, expect, it } from 'vitest';
import { ROW_BYTES } from '../../../wire/rows.ts';
import { compileDisplay } from '../compile.ts';
import { functionTerm, interfaceTerm, netnsTerm, pathsTerm } from '../place-terms.ts';
import { book, SAMPLE_NAMES, sampleRows } from './book.ts';

const [WEB, DB, GONE] = [1, 2, 999];
const names = book();
const view = sampleRows();

/** Names of the sample's rows that a term lets through. */
function passing(term: string): string {
  const compiled = compileDisplay(term, { book: names, originNs: 0 });
  if (!compiled.ok) throw new Error(`${term}: ${compiled.error.message}`);
  const test = compiled.value;
  return SAMPLE_NAMES.filter((_, i) => test?.(view, i * ROW_BYTES) === true).join(' ');
}

describe('a term for what is drawn', () => {
  it.each([
    [interfaceTerm(names, WEB, 2, false), 'iface == web/eth0', 'syn'],
    [interfaceTerm(names, DB, 2, false), 'iface == db/br0', 'syn'],
    [interfaceTerm(names, WEB, 2, true), 'dropped and iface.last == web/eth0', ''],
    [netnsTerm(names, DB, false), 'ns == db', 'syn synAck'],
    [netnsTerm(names, WEB, true), 'dropped and ns.last == web', 'drop'],
    [functionTerm(names, WEB, 2), 'func == web/udp_rcv', 'drop'],
    // a namespace without a name has a space in what it is called
    [interfaceTerm(names, GONE, 3, false), 'iface == "netns 999/if3"', ''],
  ])('%s', (term, expected, rows) => {
    expect(term).toBe(expected);
    expect(passing(term)).toBe(rows);
  });

  it('lists paths as long as they have numbers and can be read', () => {
    expect(pathsTerm([3])).toBe('path == 3');
    expect(pathsTerm([12, 3])).toBe('path in {3, 12}');
    expect(passing(pathsTerm([12, 3]) ?? '')).toBe('');
    expect(pathsTerm([])).toBeUndefined();
    expect(pathsTerm([3, 0])).toBeUndefined();
    expect(pathsTerm(Array.from({ length: 100 }, (_, i) => i + 1))).toBeUndefined();
  });
});
