/** What is exported for Wireshark is read by its own tshark as the packets that were recorded. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { frameOf } from '../../../core/model/export/frame.ts';
import type { Hop } from '../../../core/model/hop.ts';
import { NameBook } from '../../../core/model/names.ts';
import { HopReader } from '../../../core/model/reader.ts';
import { ROOT } from '../../place.ts';
import { Recording } from '../../recording/reader.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';

const LONG = { timeout: 60_000 };
const folder = mkdtempSync(join(tmpdir(), 'tshark-'));
const file = (name: string) => join(folder, name);
const names = new NameBook();
const hops: Hop[] = [];

beforeAll(async () => {
  await writeRecording(file('a.skbt'));
  const recording = await Recording.open(file('a.skbt'));
  const reader = new HopReader();
  for await (const item of recording.items()) {
    if (item.kind === 'batch') reader.read(item.records, { hop: (hop) => hops.push(hop) });
    else if (item.message.type === 'functions' || item.message.type === 'reasons') names.take(item.message);
  }
  await recording.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  expect(status, stderr).toBe(0);
  return stdout;
}

const FIELDS = [
  'frame.comment', 'ip.src', 'ip.dst', 'udp.srcport', 'udp.dstport', 'tcp.srcport', 'tcp.dstport', '_ws.malformed',
]; // biome-ignore format: a list

/** Of each frame, the fields' values; a frame within another has several. */
function read(pcapng: string): readonly (readonly string[])[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const text = run('tshark', '-n', '-r', pcapng, '-T', 'fields', '-E', 'occurrence=f', ...fields);
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'));
}

it('every hop of which a header is known, in order, with its function, packet and headers', LONG, () => {
  run(join(ROOT, 'bin', 'skbtracer'), 'export', file('a.skbt'), '--hops', 'all', '-o', file('all.pcapng'));
  const frames = read(file('all.pcapng'));
  const told = hops.filter(({ state }) => frameOf(state) !== undefined);
  expect(frames.length).toBe(told.length);
  expect(told.length).toBeGreaterThan(5000);
  let withPorts = 0;
  for (const [i, hop] of told.entries()) {
    const [comment, source, destination, ...ports] = frames[i] ?? [];
    const what =
      hop.kind === 'hop' ? `at ${names.functionName(hop.func)}` : `dropped ${names.reasonName(hop.reason)}`;
    expect(comment).toContain(`packet ${hop.packet} hop ${hop.index + 1} ${what}`);
    expect(ports.at(-1), `frame ${i + 1} is not malformed`).toBe('');
    const { ip, l4 } = hop.state;
    if (ip?.version === 4) expect([source, destination], comment).toEqual([ip.saddr, ip.daddr]);
    if (ip === undefined || l4 === undefined || l4.sport === 0) continue;
    withPorts += 1;
    expect(ports, comment).toEqual(expect.arrayContaining([String(l4.sport), String(l4.dport)]));
  }
  expect(withPorts).toBeGreaterThan(1000);
});

it('each packet once at each interface and at its drop, in interfaces that are named', LONG, () => {
  run(join(ROOT, 'bin', 'skbtracer'), 'export', file('a.skbt'), '-o', file('some.pcapng'));
  const packets = new Set(
    read(file('some.pcapng')).map(([comment = '']) => /packet (\d+)/.exec(comment)?.[1]),
  );
  expect(packets.size).toBe(
    new Set(hops.filter(({ state }) => frameOf(state)).map(({ packet }) => packet)).size,
  );
  const interfaces = run(
    'tshark',
    '-n',
    '-r',
    file('some.pcapng'),
    '-T',
    'fields',
    '-e',
    'frame.interface_name',
  );
  expect(interfaces.split('\n')).toEqual(expect.arrayContaining(['web/eth0', 'db/eth0']));
});
