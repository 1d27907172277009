import { describe, expect, it } from 'vitest';
import { FRAME_TYPE } from '../../../core/messages/frames.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import { HEADER, LIMITS } from '../../../core/wire/layout.gen.ts';
import { frameHeader, messageFrame } from '../../sources/framing.ts';
import { turn, turnBack, turnedMax } from '../columns.ts';

const { batches } = readFrames('capture');
const batchFrame = (records: Uint8Array) =>
  Buffer.concat([frameHeader(FRAME_TYPE.batch, records.length), records]);
const MESSAGE = messageFrame({ type: 'namespaces', namespaces: [] });

/** The same numbers in each run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % sides;
  };
}

function record(size: number, fill: number): Buffer {
  const bytes = Buffer.alloc(size, fill);
  bytes.writeUInt16LE(size, HEADER.recordSize);
  return bytes;
}

describe('a block turned around', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['messages only', Buffer.concat([MESSAGE, MESSAGE])],
    ['a capture', Buffer.concat([MESSAGE, ...batches.map(batchFrame), MESSAGE])],
    ['an empty batch', batchFrame(Buffer.alloc(0))],
    ['the longest record', batchFrame(record(LIMITS.recordMax, 7))],
    ['a record that is too long', batchFrame(record(LIMITS.recordMax + 8, 7))],
    ['a record of no size', batchFrame(Buffer.alloc(64))],
    ['a record that is cut off', batchFrame(record(64, 1).subarray(0, 40))],
    ['a frame that is cut off', batchFrame(record(64, 1)).subarray(0, 40)],
    ['less than a frame', Buffer.from([1, 2, 3])],
    ['a frame of no bytes', Buffer.from([0, 0, 0, 0, 2, 1, 1])],
  ])('gives back %s', (_, raw) => {
    const turned = turn(raw);
    expect(turned.length).toBeLessThanOrEqual(turnedMax(raw.length));
    expect(turnBack(turned, raw.length)).toEqual(raw);
    expect(turnBack(turned, raw.length + 1)).toBeUndefined();
  });

  it('gives back whatever bytes there are', () => {
    const random = dice(7);
    for (let i = 0; i < 500; i += 1) {
      const frames = Array.from({ length: random(6) }, () => {
        const records = Array.from({ length: random(8) }, () => record(8 * (1 + random(12)), random(256)));
        const frame = batchFrame(Buffer.concat(records));
        // some of it is not what it should be
        if (random(3) === 0) frame[random(frame.length)] = random(256);
        return random(4) === 0 ? MESSAGE : frame;
      });
      const raw = Buffer.concat(frames);
      const turned = turn(raw);
      expect(turned.length).toBeLessThanOrEqual(turnedMax(raw.length));
      expect(turnBack(turned, raw.length)).toEqual(raw);
    }
  });

  it('of which bytes were changed or lost is refused, or has the length that it must have', () => {
    const raw = Buffer.concat([MESSAGE, batchFrame(record(64, 1)), batchFrame(record(88, 2)), MESSAGE]);
    const turned = turn(raw);
    for (let length = 0; length < turned.length; length += 1)
      expect(turnBack(turned.subarray(0, length), raw.length), String(length)).toBeUndefined();
    for (let at = 0; at < turned.length; at += 1)
      for (const value of [0, 1, 80, 81, 255]) {
        const bad = Buffer.from(turned);
        bad[at] = value;
        expect(turnBack(bad, raw.length)?.length ?? raw.length, `${at}: ${value}`).toBe(raw.length);
      }
  });
});
