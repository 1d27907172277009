/** What the agent runs for a query, and what it makes of the output. */
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FACT_LINES_MAX, type Fact, type FactQuery, factsSchema } from '../../../core/messages/facts.ts';
import { type Run, readFacts, readInTurn } from '../facts.ts';

const DB = 4026532281;
const find = async () => [
  {
    inode: DB,
    name: 'db',
    origin: 'named' as const,
    enter: ['nsenter', '--net=/run/netns/db', '--'],
    file: '/run/netns/db',
    pid: '',
  },
];

/** Answers commands by how they begin; what is not there fails as a program that is not installed does. */
function runner(
  answers: Readonly<Record<string, string>>,
  complaints: Readonly<Record<string, string>> = {},
) {
  const ran: string[] = [];
  const run: Run = async (enter, command) => {
    const text = command.join(' ');
    ran.push([...enter, text].join(' '));
    const key = (table: object) => Object.keys(table).find((start) => text.startsWith(start)) ?? '';
    const stdout = answers[key(answers)];
    if (stdout !== undefined) return { status: 0, stdout, complaint: '' };
    return { status: 2, stdout: '', complaint: complaints[key(complaints)] ?? 'it is not installed' };
  };
  return { run, ran };
}

async function answer(
  query: FactQuery,
  ...given: Parameters<typeof runner>
): Promise<Fact['answer'] | undefined> {
  const { facts } = await readFacts([query], find, runner(...given).run);
  expect(v.is(factsSchema, { facts })).toBe(true);
  return facts[0]?.answer;
}
const found = (...lines: string[]) => ({ ok: true, lines, isCut: false });

const NFT = {
  kind: 'nftRule',
  netns: DB,
  families: ['ip', 'inet'],
  table: 'sample',
  chain: 'input',
  handle: 2,
} as const;
const nft: FactQuery = { ...NFT, families: [...NFT.families] };
const LISTING =
  'table inet sample {\n\tchain input { # handle 1\n\t\tdrop # handle 2\n\t\taccept # handle 22\n\t}\n}\n';

describe('a query', () => {
  it('is run in its namespace, and in none for the own', async () => {
    const { run, ran } = runner({ 'cat ': '1\n' });
    const name = 'net/ipv4/ip_forward';
    const { facts } = await readFacts(
      [{ kind: 'sysctl', netns: DB, name }, { kind: 'sysctl', netns: 0, name }],
      find,
      run,
    ); // biome-ignore format: two queries
    expect(ran).toEqual([`nsenter --net=/run/netns/db -- cat /proc/sys/${name}`, `cat /proc/sys/${name}`]);
    expect(facts.map(({ query, answer: told }) => [query.netns, told])).toEqual([
      [DB, found('1')],
      [0, found('1')],
    ]);
  });

  it('about a namespace that has gone runs nothing', async () => {
    const { run, ran } = runner({ 'cat ': '1' });
    const { facts } = await readFacts([{ kind: 'conntrack', netns: 99 }], find, run);
    expect(ran).toEqual([]);
    expect(facts[0]?.answer).toEqual({
      ok: false,
      reason: 'namespace 99 is not found: it is gone, or its processes are not this agent’s to see',
    });
  });

  it('for a route that there is not is answered, not failed', async () => {
    const complaint = { 'ip route': 'RTNETLINK answers: No route to host' };
    expect(await answer({ kind: 'route', netns: DB, to: '10.9.9.9' }, {}, complaint)).toEqual(
      found('unreachable: No route to host'),
    );
  });

  it('for a rule tries the families, and tells that rule alone', async () => {
    expect(await answer(nft, { 'nft -a list chain inet': LISTING })).toEqual(
      found('table inet sample {', '\tchain input { # handle 1', '\t\tdrop # handle 2'),
    );
  });

  it('for a chain tells all of it', async () => {
    const told = await answer({ ...nft, handle: 0 }, { 'nft -a list chain ip sample input': LISTING });
    expect(told?.ok === true && told.lines.length).toBe(6);
  });

  it('for a rule that cannot be listed says why', async () => {
    expect(await answer(nft, {})).toEqual({ ok: false, reason: 'it is not installed' });
  });

  it('for a legacy chain tells its rules in its table', async () => {
    const saved =
      '*nat\n:FORWARD ACCEPT [0:0]\nCOMMIT\n*filter\n:FORWARD DROP [1:60]\n:FORWARD2 - [0:0]\n-A FORWARD -p tcp -j DROP\n-A INPUT -j DROP\nCOMMIT\n';
    const query: FactQuery = { kind: 'iptables', netns: DB, family: '4', table: 'filter', chain: 'FORWARD' };
    expect(await answer(query, { 'iptables-legacy-save': saved })).toEqual(
      found(':FORWARD DROP [1:60]', '-A FORWARD -p tcp -j DROP'),
    );
  });

  it('for counters finds them in both forms of file', async () => {
    const files =
      'Udp: InErrors RcvbufErrors\nUdp: 3 2\nIp6InReceives                   \t17\nTcpExt: ListenDrops\nTcpExt: 5\n';
    const names = ['TcpExt.ListenDrops', 'Udp.RcvbufErrors', 'Ip6InReceives', 'No.Such'];
    expect(await answer({ kind: 'counters', netns: DB, names }, { 'cat ': files })).toEqual(
      found('TcpExt.ListenDrops 5', 'Udp.RcvbufErrors 2', 'Ip6InReceives 17'),
    );
  });

  it('with a long answer is cut, and says so', async () => {
    const told = await answer({ kind: 'addresses', netns: DB }, { ip: `${'x'.repeat(1000)}\n`.repeat(1000) });
    expect(told).toMatchObject({ ok: true, isCut: true });
    expect(told?.ok === true && told.lines.length).toBe(FACT_LINES_MAX);
  });
});

it('a request runs a few commands at once, and keeps the order', async () => {
  let running = 0;
  let most = 0;
  const run: Run = async (_, command) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    return { status: 0, stdout: command.at(-1) ?? '', complaint: '' };
  };
  const queries = Array.from(
    { length: 16 },
    (_, i): FactQuery => ({ kind: 'qdisc', netns: 0, device: `eth${i}` }),
  );
  const { facts } = await readFacts(queries, find, run);
  expect(most).toBe(4);
  expect(facts.map(({ answer: told }) => told.ok && told.lines[0])).toEqual(queries.map((_, i) => `eth${i}`));
});

it('requests are answered one after another, also after one that failed', async () => {
  const order: string[] = [];
  const reading = (name: string, fails = false) =>
    readInTurn(async () => {
      order.push(`${name} begins`);
      await new Promise(setImmediate);
      order.push(`${name} ends`);
      if (fails) throw new Error('a fault');
      return { facts: [] };
    });
  const first = reading('first', true);
  const second = reading('second');
  await expect(first).rejects.toThrow('a fault');
  await second;
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

it('reads this host for real', async () => {
  const queries: FactQuery[] = [
    { kind: 'sysctl', netns: 0, name: 'net/ipv4/ip_default_ttl' },
    { kind: 'interface', netns: 0, device: 'no-such-if' },
  ];
  const { facts } = await readFacts(queries, find);
  expect(facts[0]?.answer).toMatchObject({ ok: true, lines: [expect.stringMatching(/^\d+$/)] });
  expect(facts[1]?.answer).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/no-such-if|not installed/),
  });
});
