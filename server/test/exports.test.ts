/** Exports over HTTP: what is sent is what the command makes, and nothing stays of one that is not wanted any more. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list } from 'tar';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exportAddress } from '../../core/messages/exports.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../core/model/export/formats.ts';
import { Exports } from '../http/exports.ts';
import { Guard } from '../http/guard.ts';
import { createHttpServer } from '../http/server.ts';
import { writeRecording } from '../recording/test/make-recording.ts';
import { EXPORT_PREFIX } from '../store/library.ts';
import { type Built, built } from './built.ts';

const token = 'a'.repeat(32);
/** Writes until it is told to stop, and leaves something where temporary files are. */
const ENDLESS = `require('fs').writeFileSync(process.env.TMPDIR + '/half', '');
process.stderr.write('\\r42 % ');
const write = () => { while (process.stdout.write('x'.repeat(65536))); process.stdout.once('drain', write); };
write();`;

let folder = '';
let server: Server | undefined;
let exports: Exports;

let cli: Built;
beforeAll(async () => {
  cli = await built('server/cli/main.ts');
});
afterAll(() => cli.remove());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exports-'));
  await writeRecording(join(folder, 'good.skbt'));
  const bytes = readFileSync(join(folder, 'good.skbt'));
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(join(folder, 'damaged.skbt'), bytes);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await exports.close();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** A server whose exports are made by this command; gives the address that a path has there. */
async function serve(command: readonly string[], place = folder): Promise<(path: string) => string> {
  exports = new Exports({ folder: place, command });
  const probe = createHttpServer(new Guard({ token, port: 1, host: '127.0.0.1' }), async () => undefined);
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  server = createHttpServer(
    new Guard({ token, port, host: '127.0.0.1' }),
    async (_, response) => void response.end('the page'),
    {
      exports,
      recordings: {
        fileOf: (name) =>
          readdirSync(folder).includes(`${name}.skbt`) ? join(folder, `${name}.skbt`) : undefined,
        receive: () => Promise.reject(new Error('none is sent')),
      },
      saver: {
        name: 'live',
        async save(output) {
          output.end(readFileSync(join(folder, 'good.skbt')));
        },
      },
    },
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (path) => `http://127.0.0.1:${port}${path}`;
}

const headers = { authorization: `Bearer ${token}` };
const real = () => serve([process.execPath, cli.program]);
const endless = () => serve([process.execPath, '-e', ENDLESS, '--']);
const left = () => readdirSync(folder).filter((name) => name.startsWith(EXPORT_PREFIX));

/** What must be in the beginning of a file of the format. */
const BEGINNINGS: Readonly<Record<Exclude<ExportFormat, 'parquet'>, RegExp>> = {
  jsonl: /^\{"kind":"hop".*"packet":1,/,
  csv: /^time_ns,time,packet,hop,/,
  pcapng: /^\n\r\r\n/,
  perfetto: /^\{.*\[/,
  otlp: /^\{"resourceSpans":/,
  html: /^<!doctype html>/,
};

describe.each(EXPORT_FORMATS)('an export to %s', (format) => {
  it.each(['good', ''])('of a recording, or of what runs, is a file of it (%s)', async (name) => {
    const at = await real();
    const response = await fetch(at(exportAddress(name, format)), { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toMatch(
      new RegExp(`attachment; filename="${name || 'live'}\\.[a-z]+"`),
    );
    const bytes = Buffer.from(await response.arrayBuffer());
    if (format !== 'parquet') expect(bytes.toString('latin1')).toMatch(BEGINNINGS[format]);
    else {
      writeFileSync(join(folder, 'tables.tar'), bytes);
      const names: string[] = [];
      await list({ file: join(folder, 'tables.tar'), onReadEntry: ({ path }) => void names.push(path) });
      expect(names).toEqual(expect.arrayContaining(['packets.parquet', 'hops.parquet', 'drops.parquet']));
    }
    expect(exports.list()).toEqual([]);
    expect(left()).toEqual([]);
  });
});

it('takes packets that are named, as the command does', async () => {
  const at = await real();
  const response = await fetch(at(`${exportAddress('good', 'jsonl')}&packet=1`), { headers });
  const lines = (await response.text()).trim().split('\n');
  expect(new Set(lines.map((line) => (JSON.parse(line) as { packet?: number }).packet))).toEqual(
    new Set([1]),
  );
});

it('of a damaged recording says where it is damaged, or ends without its end', async () => {
  const at = await real();
  const tables = await fetch(at(exportAddress('damaged', 'parquet')), { headers });
  expect(tables.status).toBe(422);
  expect(await tables.text()).toMatch(/the block at byte \d+ is damaged/);
  const stream = fetch(at(exportAddress('damaged', 'jsonl')), { headers }).then(async (response) => {
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
  });
  await expect(stream).rejects.toThrow();
  expect(exports.list().map(({ failure }) => failure)).toEqual([
    expect.stringMatching(/the block at byte \d+ is damaged/),
    expect.stringMatching(/the block at byte \d+ is damaged/),
  ]);
  expect(left()).toEqual([]);
});

it.each([
  ['an unknown format', '/recordings/good/export?format=docx', 400, /format: expected \("jsonl" \| "csv"/],
  ['no format', '/recordings/good/export', 400, /format is missing/],
  ['packets that are none', '/recordings/good/export?format=csv&packet=../1', 400, /packet ids/],
  ['a recording that is not there', '/recordings/other/export?format=csv', 404, /no recording other/],
  ['a name that climbs', '/recordings/..%2f..%2fetc/export?format=csv', 400, /no address/],
  ['a hidden name', '/recordings/.good/export?format=csv', 200, /the page/],
])('%s is refused with what is wrong', async (_, path, status, words) => {
  const at = await real();
  const response = await fetch(at(path), { headers });
  expect(response.status).toBe(status);
  expect(await response.text()).toMatch(words);
});

it('says so when there is no place for temporary files', async () => {
  const at = await serve([process.execPath, cli.program], '/proc/none');
  const response = await fetch(at(exportAddress('good', 'csv')), { headers });
  expect(response.status).toBe(507);
  expect(await response.text()).toMatch(/no place for temporary files: ENOENT/);
});

it('says so when the command cannot be started', async () => {
  const at = await serve(['/proc/none/such']);
  const response = await fetch(at(exportAddress('good', 'csv')), { headers });
  expect(response.status).toBe(422);
  expect(await response.text()).toMatch(/cannot be started/);
  expect(left()).toEqual([]);
});

it('needs the token, and comes from no other site', async () => {
  const at = await real();
  expect((await fetch(at(exportAddress('good', 'csv')))).status).toBe(401);
  const origin = { ...headers, origin: 'http://evil.example' };
  expect((await fetch(at(exportAddress('good', 'csv')), { headers: origin })).status).toBe(403);
});

describe('one that goes on', () => {
  /** Begun, and something of it has come. */
  async function begin(at: (path: string) => string) {
    const leave = new AbortController();
    const response = await fetch(at(exportAddress('good', 'jsonl')), { headers, signal: leave.signal });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    return { leave, reader };
  }
  const gone = () => vi.waitFor(() => expect([exports.list(), left()]).toEqual([[], []]), 10_000);

  it('is stopped when nobody wants it any more, and nothing is left', async () => {
    const { leave } = await begin(await endless());
    expect(exports.list()).toMatchObject([
      { name: 'good', format: 'jsonl', share: 0.42, failure: undefined },
    ]);
    expect(left()).toHaveLength(1);
    leave.abort();
    await gone();
  });

  it('is cancelled by its number: the download fails', async () => {
    const { reader } = await begin(await endless());
    const [{ id = 0 } = {}] = exports.list();
    expect(exports.cancel(id)).toEqual({ ok: true, value: null });
    await expect(
      (async () => {
        while ((await reader?.read())?.done === false);
      })(),
    ).rejects.toThrow();
    await gone();
    expect(exports.cancel(id)).toMatchObject({ ok: false, error: { code: 'EXPORT_OVER' } });
  });

  it('makes a third wait, which is told before anything is downloaded', async () => {
    const at = await endless();
    await begin(at);
    const { leave } = await begin(at);
    for (const method of ['HEAD', 'GET'])
      expect((await fetch(at(exportAddress('good', 'csv')), { headers, method })).status).toBe(429);
    leave.abort();
    await vi.waitFor(async () =>
      expect((await fetch(at(exportAddress('good', 'csv')), { headers, method: 'HEAD' })).status).toBe(200),
    );
  });

  it('ends with the server', async () => {
    await begin(await endless());
    await exports.close();
    await gone();
  });
});
