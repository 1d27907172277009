/**
 * Records what a real agent in the lab sends, for the screenshot tests:
 *
 *   node e2e/record.mjs e2e/fixtures/capture.bin.gz [seconds]
 *
 * Kept: everything but replies, from hello to the end of the capture; and what the host said about itself (FACTS),
 * that a path on screen can be explained as it was.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const [file, seconds = '8'] = process.argv.slice(2);
const root = join(import.meta.dirname, '..');
const lab = spawn(
  process.execPath,
  [join(root, 'dist/lab.mjs'), '--net', '--traffic', '--', process.execPath, join(root, 'dist/agent.mjs'), '--kind', 'lab'],
  { stdio: ['pipe', 'pipe', 'inherit'] },
); // biome-ignore format: a command line
const frames = [];
let waiting = Buffer.alloc(0);
let isAsked = false;

const ask = (request) => {
  const payload = Buffer.from(JSON.stringify(request));
  const header = Buffer.alloc(5);
  header.writeUInt32LE(payload.length + 1, 0);
  header.writeUInt8(1, 4);
  lab.stdin.write(Buffer.concat([header, payload]));
};
/** Id of the request for facts. */
const FACTS = 2;
const questions = (db) => [
  { kind: 'nftRule', netns: db, families: ['inet'], table: 'sample', chain: 'input', handle: 2 },
  { kind: 'listeners', netns: db, protocol: 'udp', port: 9998 },
];
/** core/messages/source.ts has a default for the rest. */
const spec = { filter: { expression: 'not ip6' } };

lab.stdout.on('data', (chunk) => {
  waiting = Buffer.concat([waiting, chunk]);
  while (waiting.length >= 5 && waiting.length >= 4 + waiting.readUInt32LE(0)) {
    const end = 4 + waiting.readUInt32LE(0);
    take(Buffer.from(waiting.subarray(0, end)));
    waiting = waiting.subarray(end);
  }
});

function take(frame) {
  const message = frame[4] === 1 ? JSON.parse(frame.subarray(5).toString('utf8')) : undefined;
  if (message?.type === 'namespaces' && !isAsked) {
    isAsked = true;
    const db = message.namespaces.find(({ name }) => name === 'db').inode;
    ask({ id: FACTS, method: 'facts', queries: questions(db) });
    ask({ id: 1, method: 'apply', spec });
  }
  if (message?.type === 'reply' && message.id === 1)
    setTimeout(() => lab.stdin.end(), Number(seconds) * 1000);
  // a stopped capture would say so on screen
  const isEnd = message?.type === 'capture' && ['stopping', 'idle'].includes(message.capture.phase);
  const isKept = message?.type !== 'reply' || message.id === FACTS;
  if (isKept && !isEnd) frames.push(frame);
}

lab.on('exit', () => writeFileSync(file, gzipSync(Buffer.concat(frames), { level: 9 })));
