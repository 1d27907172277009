/**
 * Plays a recorded capture as a source: every frame that a real agent sent (e2e/record.mjs), with requests
 * answered as they come. Frames are those of core/messages/frames.ts.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
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
/** What `skbtracer doctor --json` said on a real kernel, where a test gives that as well. */
const doctor =
  process.argv[3] === undefined
    ? undefined
    : JSON.parse(gunzipSync(readFileSync(process.argv[3])).toString());
/** What the host said when this was recorded. */
const facts = frames.filter(isReply).flatMap((frame) => messageOf(frame).value.facts);
for (const frame of frames.filter(isReply)) frames.splice(frames.indexOf(frame), 1);
const { functions } = messageOf(frames.find((frame) => messageOf(frame)?.type === 'functions'));
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

/** What runs, once it does. */
let running;

/** Another probe plan with the same filter: nothing begins anew. A recording knows no stages but by a name's beginning. */
function switchProbes(spec) {
  const isOff = ({ name }) =>
    spec.probes.remove.stages.includes('bridge') && /^_*br_|^deliver_clone/.test(name);
  const probed = functions.filter((one) => one.isDefault && !isOff(one)).map(({ id }) => id);
  running = { ...running, spec, probed, attached: probed.length };
  say({ type: 'capture', capture: running });
  const { stats } = messageOf(frames.findLast((frame) => messageOf(frame)?.type === 'stats'));
  say({ type: 'stats', stats: { ...stats, detaching: functions.filter(isOff).length } });
}

function answer({ id, method, spec, queries }) {
  const refuse = () =>
    say({
      type: 'reply',
      id,
      ok: false,
      error: { code: 'NOT_LIVE', message: 'a recording has no host to ask' },
    });
  if (method === 'selfTest' && doctor !== undefined) {
    say({ type: 'reply', id, ok: true, value: doctor.selfTest });
    return;
  }
  // what the host would have to be asked is not in the recording
  if (method === 'programs' || method === 'cost' || method === 'selfTest') {
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
  const isSwitch = running !== undefined && running.spec.filter.expression === spec?.filter.expression;
  if (method === 'apply' && isSwitch && !isDeepStrictEqual(running.spec.probes, spec.probes))
    switchProbes(spec);
  else if (method === 'apply') {
    for (const frame of frames.slice(firstOfCapture)) process.stdout.write(frame);
    const recordedState = messageOf(
      frames.find((frame) => messageOf(frame)?.capture?.phase === 'running'),
    ).capture;
    // as the page sees it, which may not be as it was asked for
    running = { ...recordedState, spec: { ...spec, filter: recordedState.spec.filter } };
  }
  const value = method === 'compile' ? { instructions: { l2: 1, l3: 1 } } : { generation: 1 };
  say({ type: 'reply', id, ok: true, value });
}
