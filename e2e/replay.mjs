/**
 * Plays a recorded capture as a source: every frame that a real agent sent (e2e/record.mjs), with requests
 * answered as they come. Frames are those of core/messages/frames.ts.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const recorded = gunzipSync(readFileSync(process.argv[2]));
const frames = [];
for (let at = 0; at < recorded.length; ) {
  const end = at + 4 + recorded.readUInt32LE(at);
  frames.push(recorded.subarray(at, end));
  at = end;
}
const messageOf = (frame) => (frame[4] === 1 ? JSON.parse(frame.subarray(5).toString('utf8')) : undefined);
const isReply = (frame) => messageOf(frame)?.type === 'reply';
/** What the host said when this was recorded. */
const facts = frames.filter(isReply).flatMap((frame) => messageOf(frame).value.facts);
for (const frame of frames.filter(isReply)) frames.splice(frames.indexOf(frame), 1);
const firstOfCapture = frames.findIndex((frame) => messageOf(frame)?.type === 'capture');

const say = (message) => {
  const payload = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(5);
  header.writeUInt32LE(payload.length + 1, 0);
  header.writeUInt8(1, 4);
  process.stdout.write(Buffer.concat([header, payload]));
};

for (const frame of frames.slice(0, firstOfCapture)) process.stdout.write(frame);

let waiting = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  waiting = Buffer.concat([waiting, chunk]);
  while (waiting.length >= 5 && waiting.length >= 4 + waiting.readUInt32LE(0)) {
    const end = 4 + waiting.readUInt32LE(0);
    answer(JSON.parse(waiting.subarray(5, end).toString('utf8')));
    waiting = waiting.subarray(end);
  }
});
process.stdin.on('end', () => process.exit(0));

function answer({ id, method, queries }) {
  const refuse = () =>
    say({
      type: 'reply',
      id,
      ok: false,
      error: { code: 'NOT_LIVE', message: 'a recording has no host to ask' },
    });
  // what the host would have to be asked is not in the recording
  if (method === 'programs' || method === 'cost') {
    refuse();
    return;
  }
  if (method === 'facts') {
    const asked = new Set(queries.map((query) => JSON.stringify(query)));
    const known = facts.filter(({ query }) => asked.has(JSON.stringify(query)));
    if (known.length === asked.size) say({ type: 'reply', id, ok: true, value: { facts: known } });
    else refuse();
    return;
  }
  if (method === 'apply') for (const frame of frames.slice(firstOfCapture)) process.stdout.write(frame);
  const value = method === 'compile' ? { instructions: { l2: 1, l3: 1 } } : { generation: 1 };
  say({ type: 'reply', id, ok: true, value });
}
