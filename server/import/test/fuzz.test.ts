/** Damaged and hostile captures: whatever the bytes are, they are read, or refused with a reason, in bounded room. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { check } from '../../../core/base/schema.ts';
import { FRAME_MAX_BYTES } from '../../../core/messages/frames.ts';
import { recordedSchemaOf } from '../../../core/messages/recording.ts';
import { exporterFor } from '../../../core/model/export/index.ts';
import { PWRU_LINES } from '../../../core/model/import/test/imported.ts';
import { HopReader } from '../../../core/model/reader.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import { RecordCursor } from '../../../core/wire/cursor.ts';
import { generator } from '../../../core/wire/test/random.ts';
import { RecordingError } from '../../recording/format.ts';
import { openRecorded } from '../open.ts';

const MUTATIONS = 2000;
/** Bytes of a record for one of the file: what a line of a few letters can become. */
const GROWTH_MAX = 200;

const RETIS_LINES = [
  '{"common":{"timestamp":23868643385852},"startup":{"retis_version":"v1.7.0","clock_monotonic_offset":{"sec":1742309146,"nsec":691042000},"machine":{"kernel_release":"6.12.9","kernel_version":"#1","hardware_name":"x86_64"}}}',
  ...['net:netif_receive_skb', 'skb:consume_skb', 'skb:kfree_skb', 'openvswitch:ovs_dp_upcall'].map(
    (symbol, i) =>
      `{"common":{"timestamp":2386864338${5999 + i},"smp_id":${i},"task":{"pid":1360,"tgid":1360,"comm":"ping"}},"kernel":{"symbol":"${symbol}","probe_type":"raw_tracepoint","stack_trace":["a+0x1","b+0x2/0x9 [veth]"]},"skb-tracking":{"orig_head":1844661656829393920${i},"skb":18446616546229617920,"timestamp":23868643385999},"skb-drop":{"drop_reason":"NO_SOCKET"},"packet":{"len":98,"capture_len":42,"data":"AgAAAAADAgAAAAACCABFAABUEjRAAEABAAAKAQACCgEAAwgAAAAAFgAB"},"skb":{"meta":{"len":98,"data_len":0,"priority":0},"vlan_accel":{"proto":33024,"pcp":1,"dei":false,"vid":5}},"netns":{"cookie":3,"inum":4026532741},"dev":{"name":"veth0","ifindex":11},"ct":{"state":"new","ct_status":8,"mark":1},"nft":{"table_name":"t","chain_name":"c","verdict":"accept","rule_handle":4}}`,
  ),
];

function pcapng(): Buffer {
  const { names, batches } = readFrames('capture');
  const exporter = exporterFor('pcapng', {
    names,
    baseUnixMs: 1e12,
    os: 'Linux 6',
    application: 'skbtracer 9',
    hops: 'all',
  });
  const chunks = [...exporter.begin()];
  new HopReader().read(batches[0] ?? new Uint8Array(0), { hop: (hop) => chunks.push(...exporter.hop(hop)) });
  return Buffer.concat(chunks.slice(0, 60).map((chunk) => Buffer.from(chunk as Uint8Array)));
}

const WORDS = [
  'null',
  '-1',
  '1e999',
  '18446744073709551616',
  '"\\u0000\\u202e"',
  '[]',
  '{}',
  '"',
  '\\',
  '\n',
  ',',
  '9'.repeat(400),
  `"${'x'.repeat(3000)}"`,
];

/** Bytes that were changed, cut, doubled, moved or swapped for something that a parser may stumble over. */
function mutate(bytes: Buffer, next: () => number): Buffer {
  let made = Buffer.from(bytes);
  for (let i = 1 + Math.floor(next() * 4); i > 0; i -= 1) {
    const at = Math.floor(next() * made.length);
    const to = Math.min(made.length, at + Math.floor(next() * 60));
    const how = Math.floor(next() * 6);
    if (how === 0) made[at] = Math.floor(next() * 256);
    else if (how === 1) made = made.subarray(0, at);
    else if (how === 2) made = Buffer.concat([made.subarray(0, to), made.subarray(at)]);
    else if (how === 3) made = Buffer.concat([made.subarray(0, at), made.subarray(to)]);
    else {
      const word = WORDS[Math.floor(next() * WORDS.length)] ?? '';
      made = Buffer.concat([made.subarray(0, at), Buffer.from(word), made.subarray(how === 4 ? at : to)]);
    }
    if (made.length === 0) return made;
  }
  return made;
}

/** Reads it as whoever shows it would. Resolves to why it was refused, '' where it was not. */
async function read(bytes: Buffer): Promise<string> {
  let made = 0;
  try {
    const recorded = await openRecorded('-', Readable.from([bytes]));
    const cursor = new RecordCursor();
    for await (const item of recorded.items()) {
      if (item.kind === 'batch') {
        made += item.records.length;
        expect(item.records.length).toBeLessThan(FRAME_MAX_BYTES);
        cursor.reset(item.records);
        while (cursor.next());
        expect(cursor.malformed).toBe(0);
        continue;
      }
      const checked = check(recordedSchemaOf(item.message), item.message);
      if (!checked.ok) throw new Error(`${item.message.type} ${checked.problem}`);
      made += JSON.stringify(item.message).length;
      // nothing comes to a terminal or a page that is no plain text
      expect(JSON.stringify(item.message)).toMatch(/^[ -~’…§]*$/);
    }
    await recorded.close();
    return '';
  } catch (error) {
    if (error instanceof RecordingError) return error.message;
    throw error;
  } finally {
    expect(made).toBeLessThan(4096 + GROWTH_MAX * bytes.length);
  }
}

describe.each([
  ['pwru', Buffer.from(`${PWRU_LINES.slice(0, 40).join('\n')}\n`)],
  ['retis', Buffer.from(`${RETIS_LINES.join('\n')}\n[${RETIS_LINES.slice(1).join(',')}]\n`)],
  ['pcapng', pcapng()],
])('%s', (_, bytes) => {
  it('is read as it is', async () => {
    expect(await read(bytes)).toBe('');
  });

  it(`is read or refused in a clean way, ${MUTATIONS} times`, { timeout: 120_000 }, async () => {
    const bits = generator(20_261_130);
    const next = () => bits() / 2 ** 32;
    const problems = new Map<string, number>();
    for (let i = 0; i < MUTATIONS; i += 1) {
      const problem = await read(mutate(bytes, next)).catch((error: unknown) => {
        throw new Error(`mutation ${i}`, { cause: error });
      });
      const kind = problem.replaceAll(/\d+/g, 'n');
      problems.set(kind, (problems.get(kind) ?? 0) + 1);
      if (problem !== '' && !/What can be opened|it is empty|ends within|recording/.test(problem))
        expect(problem, 'says where').toMatch(/(line|byte|block) \d+|none of its events/);
    }
    // some were good, most were refused for many reasons
    expect(problems.get('') ?? 0).toBeGreaterThan(20);
    expect(problems.size).toBeGreaterThan(8);
  });
});
