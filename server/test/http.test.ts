/** What strangers send: each is answered with a clear error, and nothing changes. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../core/base/result.ts';
import { fail, ok } from '../../core/base/result.ts';
import { NO_TRIGGER } from '../../core/messages/freezing.ts';
import { NO_STATS } from '../../core/messages/source.ts';
import { hopColumns, LONG_PATH_HOPS } from '../../core/wire/hops.ts';
import { generator } from '../../core/wire/test/random.ts';
import { batch, hop } from '../../core/wire/test/records.ts';
import { type FreezeControl, openGateway } from '../gateway/gateway.ts';
import { Guard } from '../http/guard.ts';
import { createHttpServer } from '../http/server.ts';
import { isSameToken } from '../http/token.ts';
import type { GatewayHub } from '../session/hub.ts';
import { noLibrary } from '../store/library.ts';

const token = 'a'.repeat(32);
let server: Server;
let port = 0;
let stop: () => Promise<void>;
const asked: string[] = [];
const folded: unknown[] = [];

const ANSWERS: Readonly<Record<string, unknown>> = {
  compile: { instructions: { l2: 1, l3: 1 } },
  facts: { facts: [] },
  programs: [{ name: 'skbt_clone', target: 'skb_clone', kind: 'fexit' }],
  cost: { atMs: 5, programs: [{ name: 'skbt_clone', runs: 3, timeNs: 90 }] },
};

/** Each part has a length of its own, so that none is taken for another. */
const LONG_ENDS = {
  head: Uint8Array.from([1, 2, 3]).buffer,
  tail: Uint8Array.from([4, 5, 6, 7]).buffer,
  context: 2,
};

/** Packet 10 is on the disk only. */
const LONG_RECORDS = batch(
  ...Array.from({ length: LONG_PATH_HOPS + 1 }, (_, i) => hop({ packet: 10, time: i, func: i % 7 })),
);

const freezer: FreezeControl = {
  freezing: { phase: 'off', why: 'a test' },
  wait: () => note('wait', ok(null)),
  now: async (lastMs) => note('freeze', ok({ name: `last-${lastMs}` })),
};

/** A hub that notes what reached it: for strangers, nothing may. */
const hub: GatewayHub = {
  snapshot: {
    source: { phase: 'gone', kind: 'lab', note: 'none in this test' },
    capture: { phase: 'idle' },
    session: 1,
    labReason: '',
  },
  names: {},
  stats: NO_STATS,
  isRecorded: false,
  keeping: { phase: 'off', why: 'a test' },
  explained: () => undefined,
  async keptPath(_session, packet) {
    if (packet === 10) return LONG_RECORDS.slice().buffer;
    return packet === 8 || packet === 9 ? new ArrayBuffer(packet) : undefined;
  },
  sourceSinceUnixMs: 1,
  sessionNumber: 1,
  reading: { isDone: false, share: 0.5, note: '' },
  on: () => undefined,
  apply: async () => note('apply', ok({ session: 1 })),
  stop: async () => note('stop', ok(null)),
  request: async (body) => note(body.method, ok(ANSWERS[body.method] ?? { generation: 1 })),
  session: {
    pulse: async () => ({
      session: 1,
      version: 0,
      nowNs: undefined,
      counters: {
        packets: 0,
        hops: 0,
        missing: 0,
        malformed: 0,
        unnumbered: 0,
        evicted: 0,
        bytes: 0,
        budgetBytes: 1,
      },
    }),
    rowsSince: async () => ({ session: 1, rows: new ArrayBuffer(0), version: 0, more: false }),
    path: async (packet) => ({
      session: 1,
      records: packet === 8 ? new ArrayBuffer(16) : undefined,
      isTruncated: packet === 8,
      isLong: packet === 6,
    }),
    hops: async (packet) =>
      packet === 6
        ? { session: 1, hops: new ArrayBuffer(46), ends: LONG_ENDS }
        : { session: 1, hops: undefined, ends: undefined },
    hitsByFunction: async () => ({ session: 1, hops: new Float64Array([0, 7]).buffer }),
    backlog: { waiting: 2, limit: 16 },
    analysis: async (packets) => {
      folded.push(packets);
      return { session: 2, analysis: undefined };
    },
    latency: async (packets, series) => {
      folded.push([packets, series]);
      return { session: 2, analysis: undefined };
    },
    side: async () => ({ session: 1, analysis: undefined }),
    connections: async () => ({
      session: 1,
      records: new ArrayBuffer(0),
      version: 0,
      forgotten: 0,
      owners: [],
    }),
  },
};

function note<T>(what: string, result: Result<T>): Result<T> {
  asked.push(what);
  return result;
}

beforeAll(async () => {
  // the port is part of what the guard allows, so it is chosen before
  const probe = createHttpServer(new Guard({ token, port: 1, host: '127.0.0.1' }), async () => undefined);
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  port = (probe.address() as AddressInfo).port;
  probe.close();
  const guard = new Guard({ token, port, host: '127.0.0.1' });
  const library = noLibrary('a test');
  const pages = async (_: unknown, response: ServerResponse) => {
    response.end('the page');
  };
  server = createHttpServer(guard, pages, { recordings: library, freezer });
  const gateway = openGateway({
    http: server,
    hub,
    shelves: library,
    freezer,
    exports: { list: () => [], cancel: () => fail('EXPORT_OVER', 'a test') },
    enter: async (name) => {
      await library.open(name);
      return () => undefined;
    },
    refuse: (request) => guard.refuseWithoutToken(request)?.message,
  });
  stop = gateway.close;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.closeAllConnections();
  await stop();
});

/** Sends bytes as they are, gives back all that comes. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  socket.end(bytes);
  await once(socket, 'close');
  return answer;
}

/** A WebSocket of ours by hand, that sends these bytes and hangs up. */
async function upgraded(bytes: Buffer): Promise<void> {
  const head = [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `host: localhost:${port}`,
    `cookie: ${cookie()}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    '\r\n',
  ];
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(head.join('\r\n'));
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('101 Switching Protocols');
  socket.end(bytes);
  socket.resume();
  await once(socket, 'close');
}

/** RFC 6455, section 5.2: a client's frame, masked with zeros. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const length = Math.min(payload.length, 125);
  return Buffer.concat([
    Buffer.from([0x80 | opcode, 0x80 | length, 0, 0, 0, 0]),
    payload.subarray(0, length),
  ]);
}

const cookie = () => `skbtracer-${port}=${token}`;
const request = (line: string, headers: Record<string, string> = {}) =>
  raw(
    `${line}\r\n${Object.entries({ host: `localhost:${port}`, connection: 'close', ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`,
  );
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);

describe('a recording that is sent', () => {
  const post = (headers: Record<string, string>) =>
    request('POST /recordings?name=a.skbt HTTP/1.1', { 'content-length': '0', ...headers });

  it('needs the token, and comes from no other site', async () => {
    expect(statusOf(await post({}))).toBe(401);
    expect(statusOf(await post({ cookie: cookie(), origin: 'http://evil.example' }))).toBe(403);
  });

  it('is refused with why where nothing is kept', async () => {
    const answer = await post({ cookie: cookie(), origin: `http://localhost:${port}` });
    expect(statusOf(answer)).toBe(422);
    expect(answer).toContain('no recordings are kept: a test');
  });

  it('is at its own address only', async () => {
    const elsewhere = await request('POST /recordings/a.skbt HTTP/1.1', {
      'content-length': '0',
      cookie: cookie(),
    });
    expect(statusOf(elsewhere)).toBe(405);
    expect(statusOf(await request('GET /recordings/a.skbt HTTP/1.1', { cookie: cookie() }))).toBe(404);
  });
});

describe('a freeze that a program asks for', () => {
  const post = (seconds: string, headers: Record<string, string> = { cookie: cookie() }) =>
    request(`POST /freeze${seconds} HTTP/1.1`, { 'content-length': '0', ...headers });

  it('needs the token, comes from no other site, and says how much', async () => {
    expect(statusOf(await post('', {}))).toBe(401);
    expect(statusOf(await post('', { cookie: cookie(), origin: 'http://evil.example' }))).toBe(403);
    for (const seconds of ['', 'many', '0', '-1', '3601', '1e9'])
      expect(await post(`?seconds=${seconds}`)).toMatch(/ 400 .*seconds is a number from 0.1 to 3600/s);
    expect(asked).toEqual([]);
  });

  it('is answered with the recording’s name', async () => {
    expect(await post('?seconds=2.5')).toMatch(/ 201 .*"name":"last-2500"/s);
    expect(await post('')).toContain('"name":"last-30000"');
    expect(asked.splice(0)).toEqual(['freeze', 'freeze']);
  });
});

describe('a page', () => {
  it('comes with the cookie, and the cookie with the token', async () => {
    expect(await request('GET / HTTP/1.1', { cookie: cookie() })).toContain('the page');
    const admitted = await request(`GET /?token=${token} HTTP/1.1`);
    expect(statusOf(admitted)).toBe(303);
    expect(admitted).toMatch(new RegExp(`set-cookie: ${cookie()}; HttpOnly; SameSite=Strict`, 'i'));
    expect(admitted).toMatch(/location: \/\r/i);
    const linked = await request(`GET //evil/?view=path&token=${token}&packet=5 HTTP/1.1`);
    expect(statusOf(linked)).toBe(400);
    expect(await request(`GET /?view=path&token=${token}&packet=5 HTTP/1.1`)).toMatch(
      /location: \/\?view=path&packet=5\r/i,
    );
  });

  it('has the headers that keep other sites out', async () => {
    const answer = await request('GET / HTTP/1.1', { cookie: cookie() });
    expect(answer).toMatch(/content-security-policy: .*frame-ancestors 'none'/i);
    expect(answer).toMatch(/x-content-type-options: nosniff/i);
  });

  it('needs no token to say that the server lives', async () => {
    expect(await request('GET /healthz HTTP/1.1')).toMatch(/ok\n$/);
  });
});

const STRANGE: readonly [string, string, number, Record<string, string>?][] = [
  ['no token', 'GET / HTTP/1.1', 401],
  ['a wrong token', 'GET /?token=b HTTP/1.1', 401],
  ['a wrong token of the right length', `GET /?token=${'b'.repeat(32)} HTTP/1.1`, 401],
  ['a wrong cookie', 'GET / HTTP/1.1', 401, { cookie: `skbtracer=${token}` }],
  ['another host name', 'GET / HTTP/1.1', 421, { host: 'evil.example' }],
  ['our name and another port', 'GET / HTTP/1.1', 421, { host: 'localhost:1' }],
  ['another origin', 'GET / HTTP/1.1', 403, { origin: 'http://evil.example' }],
  ['the origin "null"', 'GET / HTTP/1.1', 403, { origin: 'null' }],
  ['a POST', 'POST / HTTP/1.1', 405, { 'content-length': '0' }],
  ['a DELETE', 'DELETE /packets HTTP/1.1', 405],
  ['a path that climbs', 'GET /../../etc/passwd HTTP/1.1', 400],
  ['an encoded path that climbs', 'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1', 400],
  ['a path with a NUL', 'GET /%00 HTTP/1.1', 400],
  ['a broken escape', 'GET /%zz HTTP/1.1', 400],
  ['an absolute address', 'GET http://evil.example/ HTTP/1.1', 400],
  ['two slashes', 'GET //evil.example HTTP/1.1', 400],
  ['a giant address', `GET /${'a'.repeat(4000)} HTTP/1.1`, 414],
];

describe('a stranger', () => {
  it.each(STRANGE)('with %s is refused', async (_, line, status, headers = {}) => {
    const needsCookie = status !== 401 && headers.cookie === undefined;
    const answer = await request(line, { ...(needsCookie && { cookie: cookie() }), ...headers });
    expect(statusOf(answer)).toBe(status);
    expect(answer).toMatch(/skbtracer: \S/);
    expect(answer).not.toContain('root:');
  });

  it('with headers beyond measure is refused', async () => {
    expect(statusOf(await request('GET / HTTP/1.1', { junk: 'x'.repeat(100_000) }))).toBe(431);
  });

  it('who sends 200 kinds of garbage gets an error or nothing, and the server goes on', async () => {
    const random = generator(4242);
    for (let i = 0; i < 200; i += 1) {
      const bytes = Buffer.from(Array.from({ length: random() % 400 }, () => random() & 0xff));
      const kinds = [
        bytes,
        Buffer.concat([Buffer.from('GET /socket.io/?EIO=4&transport='), bytes, Buffer.from('\r\n\r\n')]),
        Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nhost: '), bytes, Buffer.from('\r\n\r\n')]),
        Buffer.from(
          `${'PUT GET POST OPTIONS CONNECT'.split(' ')[i % 5]} /${i} HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`,
        ),
      ];
      const answer = await raw(kinds[i % kinds.length] ?? bytes);
      if (answer !== '') expect(statusOf(answer), answer).toBeGreaterThanOrEqual(400);
    }
    expect(asked).toEqual([]);
    expect(await request('GET / HTTP/1.1', { cookie: cookie() })).toContain('the page');
  });
});

describe('a socket', () => {
  const open = (headers: Record<string, string>) =>
    io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders: headers,
    });

  it.each([
    ['no cookie', {}],
    ['a wrong cookie', { cookie: 'skbtracer=no' }],
    ['another origin', { cookie: 'right', origin: 'http://evil.example' }],
  ])('with %s is refused', async (_, headers) => {
    const socket = open({ ...headers, ...('origin' in headers && { cookie: cookie() }) });
    const [error] = await once(socket as unknown as NodeJS.EventEmitter, 'connect_error');
    expect(error).toBeInstanceOf(Error);
    socket.close();
  });

  it('that is one of ours has every request answered, wrong ones with what is wrong', async () => {
    const socket = open({ cookie: cookie() });
    const answers: unknown[] = [];
    const strange = [
      undefined,
      null,
      7,
      'x',
      [],
      {},
      { filter: 1 },
      { filter: { expression: 'x'.repeat(5000) } },
      { packet: -1, session: 1 },
      { queries: [] },
      { queries: [{ kind: 'shell', netns: 0, command: 'id' }] },
      { session: 1, packets: new Uint8Array(7) },
      { session: 1, packets: new Uint8Array(new Float64Array([1.5, 2]).buffer) },
      { session: 1, packets: new Uint8Array(8 * 20_001) },
      { session: 1, packets: [1, 2] },
      { session: 1, packets: null, series: { kind: 'place', place: 'kitchen' } },
      { session: 1, packets: null, series: { kind: 'edge', from: -1, to: 2, reason: -1 } },
      { queries: Array(17).fill({ kind: 'conntrack', netns: 0 }) },
    ];
    for (const event of ['apply', 'compile', 'path', 'hops', 'latency', 'connections', 'facts', 'freeze'])
      for (const given of strange) answers.push(await socket.timeout(5000).emitWithAck(event, given));
    // which asks for no series, and so takes what is wrong in one
    for (const given of strange.filter((one) => !JSON.stringify(one)?.includes('series')))
      answers.push(await socket.timeout(5000).emitWithAck('analysis', given));
    const order = { triggers: { ...NO_TRIGGER, drops: ['rm -rf'] }, lastMs: 1000, afterMs: 0, times: 1 };
    for (const given of [7, 'x', [], {}, order, { ...order, triggers: NO_TRIGGER, lastMs: 0 }])
      answers.push(await socket.timeout(5000).emitWithAck('waitToFreeze', given));
    for (const answer of answers) expect(answer).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } });
    // no acknowledgement, unknown events, nonsense for credit: nothing to answer, nothing happens
    for (const event of ['apply', 'stop', 'credit', 'no such event']) socket.emit(event, 'junk', 'more junk');
    expect(asked).toEqual([]);
    expect(await socket.timeout(5000).emitWithAck('path', { session: 1, packet: 5 })).toEqual(
      fail(
        'PACKET_GONE',
        'packet 5 is no longer in memory, where the newest packets are; nothing is kept on the disk: a test',
      ),
    );
    // what memory has not, or has lost the beginning of, comes from the disk
    for (const packet of [8, 9])
      expect(await socket.timeout(5000).emitWithAck('path', { session: 1, packet })).toMatchObject({
        ok: true,
        value: { records: { byteLength: packet }, isFromDisk: true },
      });
    expect(await socket.timeout(5000).emitWithAck('path', { session: 1, packet: 6 })).toMatchObject({
      error: { code: 'PATH_LONG' },
    });
    const hopsOf = (session: number, packet: number) =>
      socket.timeout(5000).emitWithAck('hops', { session, packet });
    const { hops, head, tail, context } = (await hopsOf(1, 6)).value;
    expect(hops).toHaveLength(46);
    expect([[...head], [...tail], context]).toEqual([[1, 2, 3], [4, 5, 6, 7], 2]);
    expect(await socket.timeout(5000).emitWithAck('path', { session: 1, packet: 10 })).toMatchObject({
      error: { code: 'PATH_LONG' },
    });
    const fromDisk = hopColumns(new Uint8Array((await hopsOf(1, 10)).value.hops).slice().buffer);
    expect([fromDisk.count, fromDisk.timeNs[LONG_PATH_HOPS]]).toEqual([LONG_PATH_HOPS + 1, LONG_PATH_HOPS]);
    expect(await hopsOf(1, 5)).toMatchObject({ error: { code: 'PACKET_GONE' } });
    expect(await hopsOf(2, 6)).toMatchObject({ error: { code: 'SESSION_OVER' } });
    expect(await socket.timeout(5000).emitWithAck('compile', { expression: 'icmp' })).toMatchObject({
      ok: true,
    });
    expect(folded).toEqual([]);
    for (const packets of [null, Float64Array.from([3, 5]).buffer])
      expect(await socket.timeout(5000).emitWithAck('analysis', { session: 1, packets })).toMatchObject({
        error: { code: 'SESSION_OVER' },
      });
    expect(folded).toEqual([null, Float64Array.from([3, 5])]);
    const series = { kind: 'place', place: 'qdisc queue' };
    expect(
      await socket.timeout(5000).emitWithAck('latency', { session: 1, packets: null, series }),
    ).toMatchObject({ error: { code: 'SESSION_OVER' } });
    expect(folded.at(-1)).toEqual([null, series]);
    const queries = [{ kind: 'conntrack', netns: 0 }];
    expect(await socket.timeout(5000).emitWithAck('facts', { queries })).toEqual(ok({ facts: [] }));
    const health = await socket.timeout(5000).emitWithAck('health');
    expect(health).toMatchObject({
      value: { session: 1, backlog: { waiting: 2, limit: 16 }, losses: { series: [] }, sourceSinceUnixMs: 1 },
    });
    expect(new Uint8Array(health.value.hops)).toEqual(new Uint8Array(new Float64Array([0, 7]).buffer));
    expect(await socket.timeout(5000).emitWithAck('side')).toEqual(ok({ phase: 'reading', share: 0.5 }));
    expect(await socket.timeout(5000).emitWithAck('exports')).toEqual(ok([]));
    for (const id of [1, -1, 'x', null])
      expect(await socket.timeout(5000).emitWithAck('cancelExport', id)).toMatchObject({
        error: { code: id === 1 ? 'EXPORT_OVER' : 'BAD_REQUEST' },
      });
    expect(await socket.timeout(5000).emitWithAck('programs')).toEqual(ok(ANSWERS.programs));
    expect(await socket.timeout(5000).emitWithAck('cost')).toEqual(ok(ANSWERS.cost));
    socket.close();
  });

  it('of ours that sends 200 frames of garbage changes nothing, and others go on', async () => {
    asked.length = 0;
    const random = generator(77);
    const packets = [
      '2',
      '3',
      '40',
      '41',
      '42["apply"]',
      '421["apply",{}]',
      '42["',
      '451-["x"',
      '4',
      '42[null]',
      '42{"a":1}',
      '0{}',
      '6',
      '9',
    ];
    for (let i = 0; i < 100; i += 1) {
      const noise = Buffer.from(Array.from({ length: random() % 120 }, () => random() & 0xff));
      const text = Buffer.from(
        `${packets[i % packets.length]}${i % 3 === 0 ? noise.toString('latin1') : ''}`,
      );
      // one well-formed frame with a strange packet in it, one frame that is none
      await upgraded(Buffer.concat([maskedFrame(1, Buffer.from('40')), maskedFrame(1, text), noise]));
    }
    expect(asked).toEqual([]);
    expect(await request('GET / HTTP/1.1', { cookie: cookie() })).toContain('the page');
    const socket = open({ cookie: cookie() });
    await once(socket as unknown as NodeJS.EventEmitter, 'connect');
    socket.close();
  });

  it('that sends more than any request has is closed, and others go on', async () => {
    const socket = open({ cookie: cookie() });
    await once(socket as unknown as NodeJS.EventEmitter, 'connect');
    const closed = once(socket as unknown as NodeJS.EventEmitter, 'disconnect');
    socket.emit('compile', { expression: 'x'.repeat(1 << 20) });
    await closed;
    expect(await request('GET / HTTP/1.1', { cookie: cookie() })).toContain('the page');
  });
});

describe('a server that listens everywhere', () => {
  const everywhere = new Guard({ token, port: 3000, host: '0.0.0.0' });
  const asked = (host: string, origin?: string) =>
    everywhere.refuse({
      url: '/',
      headers: { host, ...(origin !== undefined && { origin }) },
    } as IncomingMessage);

  it.each(['192.0.2.7:3000', '[2001:db8::7]:3000', 'localhost:3000'])('answers to %s', (host) => {
    expect(asked(host, `http://${host}`)).toBeUndefined();
  });

  it.each(['evil.example:3000', '192.0.2.7:80', '192.0.2.7', '192.0.2.7.evil.example:3000'])(
    'does not answer to %s',
    (host) => {
      expect(asked(host)).toMatchObject({ status: 421 });
    },
  );
});

it('compares tokens of any length', () => {
  expect(isSameToken(token, token)).toBe(true);
  expect(isSameToken('', token)).toBe(false);
  expect(isSameToken(`${token}a`, token)).toBe(false);
});
