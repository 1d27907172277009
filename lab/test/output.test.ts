import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { MarkedOutput, streamSink } from '../output.ts';

const MARK = '0123456789abcdef';

/** Collects what is written; takes each piece only when `step` is called, if it is `slow`. */
function reader(isSlow = false) {
  const pieces: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 4,
    write(bytes: Buffer, _, done) {
      pieces.push(Buffer.from(bytes));
      if (isSlow) waiting.push(() => done());
      else done();
    },
  });
  return { stream, text: () => Buffer.concat(pieces).toString('latin1'), step: () => waiting.shift()?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function hasEnded(output: MarkedOutput): Promise<boolean> {
  return Promise.race([output.ended.then(() => true), turn().then(() => false)]);
}

describe("a command's output", () => {
  const text = `some text, 0123 that begins like the mark, 0123456789abcdeX, 00${MARK}`;

  test.each([1, 2, 3, 7, 16, 17, 1000])(
    'comes through up to the mark in pieces of %i bytes',
    async (size) => {
      const { stream, text: read } = reader();
      const output = new MarkedOutput(streamSink(stream), MARK);
      const source = new PassThrough();
      output.take(source);
      for (let at = 0; at < text.length; at += size) source.write(text.slice(at, at + size));
      expect(await output.ended).toBe(true);
      expect(read()).toBe(text.slice(0, -MARK.length));
    },
  );

  test('holds back only what may be the beginning of the mark', async () => {
    const { stream, text: read } = reader();
    const source = new PassThrough();
    new MarkedOutput(streamSink(stream), MARK).take(source);
    source.write('prompt> 01');
    await turn();
    expect(read()).toBe('prompt> ');
    source.write('x');
    await turn();
    expect(read()).toBe('prompt> 01x');
  });

  test('what comes behind the mark is dropped', async () => {
    const { stream, text: read } = reader();
    const output = new MarkedOutput(streamSink(stream), MARK);
    const source = new PassThrough();
    output.take(source);
    source.write(`a${MARK}late`);
    source.write('later');
    await output.ended;
    await turn();
    expect(read()).toBe('a');
  });

  test('a slow reader holds the command up, and the end waits for it', async () => {
    const slow = reader(true);
    const output = new MarkedOutput(streamSink(slow.stream), MARK);
    const source = new PassThrough();
    output.take(source);
    source.write('first');
    await turn();
    expect(source.isPaused()).toBe(true);
    source.write(`second${MARK}`);
    await turn();
    expect(slow.text()).toBe('first');
    slow.step();
    await turn();
    expect(slow.text()).toBe('firstsecond');
    expect(await hasEnded(output)).toBe(false);
    slow.step();
    await turn();
    expect(await output.ended).toBe(true);
  });

  test('ends when no one reads it any more', async () => {
    const { stream } = reader();
    const output = new MarkedOutput(streamSink(stream), MARK);
    output.take(new PassThrough());
    stream.destroy(new Error('EPIPE'));
    expect(await output.ended).toBe(false);
  });
});
