/** The records that C++ wrote (native/test/golden.cc) are the same in a browser as in Node. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { build } from 'esbuild';
import { HopReader } from '../core/model/reader.ts';
import { ROOT } from './product.ts';

const ENTRY = `
  import { HopReader } from './core/model/reader.ts';
  globalThis.decode = (bytes) => {
    const told = [];
    const note = (record) => told.push(record);
    const reader = new HopReader();
    reader.read(new Uint8Array(bytes), { hop: note, free: note, lineage: note, symbol: note, decision: note, socket: note, stack: note });
    return { told, malformed: reader.malformed };
  };`;

test('golden records decode alike in the browser and in Node', async ({ page }) => {
  const golden = readFileSync(join(ROOT, 'core', 'wire', 'golden', 'records.bin'));
  const bundle = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
  });
  await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
  const inBrowser = await page.evaluate(
    (bytes) => (globalThis as unknown as { decode(given: number[]): unknown }).decode(bytes),
    [...golden],
  );
  const told: unknown[] = [];
  const reader = new HopReader();
  const note = (record: unknown) => told.push(record);
  reader.read(new Uint8Array(golden), {
    hop: note,
    free: note,
    lineage: note,
    symbol: note,
    decision: note,
    socket: note,
    stack: note,
  });
  expect(told).toHaveLength(8);
  expect(inBrowser).toEqual({ told, malformed: 0 });
});
