// @vitest-environment happy-dom
/** What the host is asked to explain a packet's end: once, in bounds, and what becomes of the answer. */
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, ok } from '../../core/base/result.ts';
import { asNs } from '../../core/base/units.ts';
import type { Snapshot } from '../../core/messages/browser.ts';
import { FACT_QUERIES_MAX, type Fact, type FactQuery } from '../../core/messages/facts.ts';
import { DEFAULT_SPEC, NO_STATS } from '../../core/messages/source.ts';
import { build } from '../../core/model/diagnosis/test/build.ts';
import type { Path } from '../../core/model/hop.ts';
import type { NameBook } from '../../core/model/names.ts';
import { askFacts, factsKey, forgetFailure, NO_FACTS, openQuestions, useFacts } from '../state/facts.ts';
import { useNames } from '../state/names.ts';
import { useSession } from '../state/session.ts';
import { requestFacts } from '../state/socket.ts';
import { useDiagnosis } from '../views/path/useDiagnosis.ts';

const NOT_KEPT = { phase: 'off', why: 'a test' } as const;

vi.mock('../state/socket.ts', () => ({ requestFacts: vi.fn() }));

const port = (number: number): FactQuery => ({ kind: 'listeners', netns: 2, protocol: 'udp', port: number });
const answered = (query: FactQuery, ...lines: string[]): Fact => ({
  query,
  readAtUnixMs: 1,
  answer: { ok: true, lines, isCut: false },
});
const answerAll = async (queries: readonly FactQuery[]) => ok({ facts: queries.map((q) => answered(q)) });
const of = (key: string) => useFacts.getState().packets.get(key) ?? NO_FACTS;

beforeEach(() => useFacts.setState({ packets: new Map() }));
afterEach(cleanup);

describe('a question', () => {
  it('is asked once for a packet, and anew for another', async () => {
    const ask = vi.fn(answerAll);
    await askFacts('1/5', [port(1)], ask);
    await askFacts('1/5', [port(1), port(2)], ask);
    await askFacts('1/5', [port(1), port(2)], ask);
    await askFacts('1/6', [port(1)], ask);
    expect(ask.mock.calls).toEqual([[[port(1)]], [[port(2)]], [[port(1)]]]);
    expect(of('1/5').facts).toHaveLength(2);
  });

  it('waits while another is on its way', async () => {
    let answer: (value: Awaited<ReturnType<typeof answerAll>>) => void = () => undefined;
    const ask = vi.fn(() => new Promise<Awaited<ReturnType<typeof answerAll>>>((resolve) => { answer = resolve; })); // biome-ignore format: short
    const first = askFacts('1/5', [port(1)], ask);
    await askFacts('1/5', [port(2)], ask);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(of('1/5').isAsking).toBe(true);
    answer(ok({ facts: [answered(port(1))] }));
    await first;
    expect(of('1/5')).toMatchObject({ isAsking: false, failure: undefined });
  });

  it('that failed is asked again only when somebody wants so', async () => {
    const ask = vi.fn(async () => fail<{ facts: readonly Fact[] }>('OFFLINE', 'no answer'));
    await askFacts('1/5', [port(1)], ask);
    await askFacts('1/5', [port(1)], ask);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(of('1/5').failure?.code).toBe('OFFLINE');
    forgetFailure('1/5');
    await askFacts('1/5', [port(1)], answerAll);
    expect(of('1/5')).toMatchObject({ failure: undefined, facts: [answered(port(1))] });
  });

  it('is one of no more than a request may have, and a packet is worth; old packets are forgotten', async () => {
    const many = Array.from({ length: 100 }, (_, i) => port(i + 1));
    expect(openQuestions(NO_FACTS, many)).toHaveLength(FACT_QUERIES_MAX);
    const ask = vi.fn(answerAll);
    for (let i = 0; i < 10; i += 1) await askFacts('1/5', many, ask);
    expect(of('1/5').asked.size).toBe(3 * FACT_QUERIES_MAX);
    for (let packet = 100; packet < 200; packet += 1)
      await askFacts(factsKey(1, packet), [port(1)], answerAll);
    expect(useFacts.getState().packets.size).toBe(64);
    expect(of('1/5')).toBe(NO_FACTS);
  });
});

function Title({ path }: { readonly path: Path }) {
  const { diagnosis, inquiry } = useDiagnosis(path, 1, 5);
  return (
    <p>
      {diagnosis?.title ?? 'nothing'} {inquiry.pending.length > 0 && 'asking'}
    </p>
  );
}
const show = ({ path, names }: { readonly path: Path; readonly names: NameBook }) => {
  useNames.setState({ book: names, version: 1 });
  render(<Title path={path} />);
  return () => screen.getByText(/./).textContent ?? '';
};

describe('an explanation', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  const RULE = { table: 'filter', chain: 'input', handle: 7 };
  const refused = build({
    drop: ['NETFILTER_DROP', 'nft_do_chain'],
    decisions: [{ what: 'table', value: 0, pf: 1, hook: 1, rule: RULE }],
  });

  it('is told at once, and better when the host has answered', async () => {
    vi.mocked(requestFacts).mockImplementation(async (queries) =>
      ok({
        facts: queries.map((q) =>
          answered(
            q,
            'table inet filter {',
            '\tchain input { # handle 1',
            '\t\tudp dport 7000 reject # handle 7',
          ),
        ),
      }),
    );
    const text = show(refused);
    expect(text()).toMatch(/^The firewall dropped it in db: nftables inet filter input rule 7.*asking$/);
    await act(() => vi.advanceTimersByTimeAsync(1000));
    expect(text()).toMatch(/^The firewall rejected it in db: nftables inet filter input rule 7\. $/);
    expect(requestFacts).toHaveBeenCalledTimes(1);
  });

  it('of a packet that is long on its way comes with the present, while the capture runs', () => {
    const running: Snapshot = {
      source: { phase: 'gone', kind: 'lab', note: '' },
      capture: { phase: 'running', spec: DEFAULT_SPEC, generation: 1, attached: 1, refused: [], backend: 'kprobe', attachMs: 1 },
      session: 1,
      labReason: '',
    }; // biome-ignore format: short
    const session = {
      packets: 0,
      hops: 0,
      missing: 0,
      malformed: 0,
      unnumbered: 0,
      evicted: 0,
      bytes: 0,
      budgetBytes: 1,
    };
    const statsAt = (nowNs: number) => ({
      stats: { tracer: NO_STATS, session, eventsPerSecond: 0, packetsPerSecond: 0, nowNs: asNs(nowNs), keeping: NOT_KEPT, freezing: NOT_KEPT, shedRows: 0 },
    }); // biome-ignore format: short
    useSession.setState({ snapshot: running, ...statsAt(500e6) });
    const text = show(build({ through: ['ip_rcv', 'ip_local_deliver'] }));
    expect(text()).toMatch(/^nothing/);
    act(() => useSession.setState(statsAt(5.2e9)));
    expect(text()).toMatch(/^It has not ended, and was last seen 5\.00 s ago in ip_local_deliver in db\./);
    act(() => useSession.setState({ snapshot: { ...running, capture: { phase: 'idle' } } }));
    expect(text()).toMatch(/^nothing/);
  });
});
