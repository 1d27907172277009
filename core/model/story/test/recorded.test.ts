/** The stories of packets that a real kernel sent through the lab's network. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../diagnosis/index.ts';
import { PwruImporter } from '../../import/pwru.ts';
import { importAll, PWRU_LINES } from '../../import/test/imported.ts';
import { readRecording } from '../../test/recording.ts';
import { stepAt, storyOf, storyText } from '../index.ts';

const { names, paths } = readRecording();
const story = (packet: number) => {
  const path = paths.find((one) => one.packet === packet);
  if (path === undefined) throw new Error(`packet ${packet} is not in the recording`);
  return storyOf(path, names, { diagnosis: diagnose(path, names) });
};
const texts = (packet: number) => story(packet).map(({ text }) => text);

describe('the story of a recorded packet', () => {
  it('tells a datagram that the firewall of its receiver refused', () => {
    expect(texts(31)).toEqual([
      'Leaves the socket of bash (198) in web: UDP 10.1.0.2:47436 → 10.1.0.3:9999',
      'Routed out of eth0 in web',
      'Crosses the veth pair from eth0 in web to vweb on the host',
      'Enters bridge br0 by vweb on the host',
      'The bridge forwards it to port vdb on the host',
      'Crosses the veth pair from vdb on the host to eth0 in db',
      'IP takes it in on eth0: it is for db itself',
      'Dropped in db by nftables inet sample input rule 2: NETFILTER_DROP',
    ]);
    const end = story(31).at(-1);
    expect(end).toMatchObject({ tone: 'end', ended: 'dropped', chapter: 'drop' });
    expect(end?.decision).toBeGreaterThan(0);
    expect(end?.notes).toEqual(['The firewall dropped it in db: nftables inet sample input rule 2.']);
  });

  it('tells a connection’s first segment through DNAT, with the rule that did it', () => {
    const steps = story(1);
    expect(texts(1)).toContain('DNAT rewrites 192.0.2.1:8080 → 10.1.0.3:80 (nftables ip nat PREROUTING)');
    expect(texts(1)).toContain('Forwarded on the host from vout to br0, TTL 64 → 63');
    expect(texts(1)).toContain('The host sends it into bridge br0');
    const nat = steps.find(({ chapter }) => chapter === 'nat');
    expect(nat).toMatchObject({ tone: 'change' });
    expect(steps[3]?.notes).toContain('conntrack: NEW');
  });

  it('tells that NAT undoes for a reply what it did', () => {
    expect(texts(7)).toContain('NAT undoes DNAT for the reply: source 10.1.0.3:80 → 192.0.2.1:8080');
    expect(texts(14)).toContain('NAT undoes SNAT for the reply: destination 192.0.2.1 → 10.1.0.2');
    expect(texts(13)).toContain('SNAT rewrites 10.1.0.2 → 192.0.2.1');
  });

  it('tells who read it, and how long it had waited', () => {
    const steps = story(26);
    expect(steps.at(-1)?.text).toBe('Read from the socket by udpblast (188)');
    expect(steps.at(-1)?.ended).toBe('delivered');
    expect(steps.at(-2)).toMatchObject({ tone: 'slow', notes: ['680 µs in the socket’s receive queue'] });
  });

  it('tells of an echo request, its reply, and the clone for the raw socket', () => {
    expect(texts(9).at(-1)).toBe('ICMP takes the echo request in db, to answer it');
    expect(story(10).some(({ notes }) => notes.includes('clones #11, #12'))).toBe(true);
    expect(story(12)).toMatchObject([{ text: 'A raw socket in web gets its clone', ended: 'delivered' }]);
    expect(story(12)[0]?.notes).toContain('cloned from #10');
  });

  it('names the owner only where the kernel found it on that side', () => {
    expect(texts(2).at(-1)).toContain('of bash (227) in outside');
    // the sender is still remembered there, and is not who receives
    expect(texts(4).at(-1)).toBe('TCP puts it into the receive queue of the socket in db');
  });

  it('has every hop of every packet in one step, in order, and a time for each', () => {
    for (const path of paths) {
      const steps = storyOf(path, names);
      let next = 0;
      for (const { from, to, text, tookNs } of steps) {
        expect(from, `packet ${path.packet}`).toBe(next);
        expect(to).toBeGreaterThanOrEqual(from);
        expect(tookNs).toBeGreaterThanOrEqual(0);
        expect(text).not.toMatch(/undefined|NaN|\.$| {2}|in in | on on /);
        next = to + 1;
      }
      expect(next, `packet ${path.packet}`).toBe(path.hops.length);
      expect(steps.filter(({ ended }) => ended !== undefined)).toHaveLength(1);
      expect(steps.length).toBeLessThanOrEqual(13);
      path.hops.forEach((_, hop) => {
        expect(stepAt(steps, hop)).toBeGreaterThanOrEqual(0);
      });
    }
  });

  it('leaves nothing but a lone function untold', () => {
    const passed = paths.flatMap((path) =>
      storyOf(path, names).flatMap(({ chapter, text }) => (chapter === 'pass' ? [text] : [])),
    );
    expect(passed.filter((text) => !text.startsWith('Passes sk_filter_trim_cap of socket in '))).toEqual([]);
  });

  it('is copied as numbered lines', () => {
    const lines = storyText(story(31)).split('\n');
    expect(lines[0]).toBe(
      '1. Leaves the socket of bash (198) in web: UDP 10.1.0.2:47436 → 10.1.0.3:9999  [356 µs]',
    );
    expect(lines.at(-2)).toContain('NETFILTER_DROP (dropped)');
    expect(lines.at(-1)).toMatch(/^ {3}- The firewall dropped it/);
  });

  it('tells both ends of a veth pair, also where every function between them is recorded', () => {
    const imported = importAll(new PwruImporter(), PWRU_LINES);
    const told = [...imported.paths.values()].flatMap((path) => storyOf(path, imported.names));
    expect(told.map(({ text }) => text).filter((text) => text.startsWith('Crosses'))).toEqual([
      'Crosses the veth pair from if2 in web to vweb in netns 4026531840',
      'Crosses the veth pair from vdb in netns 4026531840 to eth0 in db',
      'Crosses the veth pair from eth0 in db to vdb in netns 4026531840',
      'Crosses the veth pair from vweb in netns 4026531840 to if2 in web',
    ]);
  });
});
