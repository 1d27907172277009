import { describe, expect, it } from 'vitest';
import { DROP_BIT } from '../analysis/steps.ts';
import { book } from '../display/test/book.ts';
import { wayOf, wayText } from '../path-text.ts';

describe('a path in a line', () => {
  const names = book();
  const [WEB, DB] = [1, 2];
  const words = [
    [3, 1, WEB, 2, 2, WEB, 2, 2, DB, 2],
    [3, 1, WEB, 2, 1, DB, 2, DROP_BIT + 8, WEB, 2],
    [1, 1, WEB, 0],
  ].flat(); // biome-ignore format: a line for each path
  names.take({ paths: { session: 1, first: 1, words: Uint32Array.from(words).buffer } });
  const text = (path: number) => {
    const way = wayOf(names, path);
    return way && wayText(way);
  };

  it('says where it leads, and its last function', () => {
    expect(text(1)).toBe('web eth0 → db br0, last in udp_rcv');
  });

  it('says why it was dropped, and comes back to a namespace', () => {
    expect(text(2)).toBe('web eth0 → db br0 → web eth0, dropped in ip_rcv: NETFILTER_DROP');
  });

  it('names no interface that no hop named, and no path that was not told', () => {
    expect(text(3)).toBe('web, last in ip_rcv');
    expect(text(4)).toBeUndefined();
  });
});
