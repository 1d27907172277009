/**
 * The command line's own work: a recorded capture of a real kernel (e2e/record.mjs) from its batches to lines, against
 * what is left of it when every object is there already and only has to be written as JSON:
 *
 *   npx vitest bench --run --project unit bench/lines
 *
 * JSON took 2.5 times as long as the writing alone, the original's lines as long as it (Node 20, two cores; 66, 27 and
 * 28 ms). With objects made by spreading one into the next they took 12.5 and 9.3 times.
 */

import { Writable } from 'node:stream';
import { bench, describe } from 'vitest';
import { readFrames } from '../core/model/test/recording.ts';
import { SHOWS_NOTHING } from '../server/cli/modes.ts';
import { Printer, type PrinterOptions } from '../server/cli/printer.ts';

const { names, batches } = readFrames('capture');

const OPTIONS: PrinterOptions = {
  json: true,
  time: 'clock',
  shows: { ...SHOWS_NOTHING, hops: true, drops: true },
  controlBlock: false,
  printsStacks: false,
  count: undefined,
  baseUnixMs: 0,
  names,
  matches: () => true,
};

function print(options: Partial<PrinterOptions>, take: (text: string) => void = () => undefined): void {
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      take(chunk);
      done();
    },
  });
  const printer = new Printer(output, { ...OPTIONS, ...options }, () => undefined);
  for (const batch of batches) printer.print(batch);
}

let text = '';
print({}, (chunk) => {
  text += chunk;
});
const lines = text.trimEnd().split('\n');
const objects = lines.map((line): unknown => JSON.parse(line));

describe(`${lines.length} lines`, () => {
  bench('written as JSON', () => {
    objects.map((object) => JSON.stringify(object)).join('\n');
  });
  bench('from records to JSON', () => print({}));
  bench("from records to the original's lines", () => print({ json: false }));
});
