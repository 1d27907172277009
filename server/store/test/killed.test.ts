/** What was flushed is there after SIGKILL, whenever that comes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { Recording } from '../../recording/reader.ts';
import { type Built, built } from '../../test/built.ts';
import { packetsIn, trafficOf } from './traffic.ts';

const KILLS = 20;
const LATEST_MS = 600;
const folder = mkdtempSync(join(tmpdir(), 'killed-'));

let victim: Built;
beforeAll(async () => {
  victim = await built('server/store/test/victim.ts');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  victim.remove();
});

/** Kills it so long after it was first safe; how many rounds were safe by then. */
async function killAfter(ms: number, into: string): Promise<number> {
  const child = spawn(process.execPath, [victim.program, into], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let safe = 0;
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    if (safe === 0) setTimeout(() => child.kill('SIGKILL'), ms);
    safe = Number(line);
  }
  expect(child.signalCode ?? (await new Promise((resolve) => child.once('exit', (_, s) => resolve(s))))).toBe(
    'SIGKILL',
  );
  return safe;
}

describe('a session that is kept', () => {
  it(`has what was flushed after SIGKILL at ${KILLS} random moments`, { timeout: 180_000 }, async () => {
    const moments = Array.from({ length: KILLS }, () => Math.floor(Math.random() * LATEST_MS));
    for (const [i, ms] of moments.entries()) {
      const into = join(folder, String(i));
      const rounds = await killAfter(ms, into);
      const [file = ''] = readdirSync(into).filter((name) => name.endsWith('.skbt'));
      const recording = await Recording.open(join(into, file));
      const read: Buffer[] = [];
      for await (const item of recording.items())
        if (item.kind === 'batch') read.push(Buffer.from(item.records));
      await recording.close();
      const all = Buffer.concat(read);
      let at = 0;
      let whole = 0;
      for (let round = 0; at < all.length; round += 1) {
        const traffic = Buffer.concat(trafficOf(round));
        const part = all.subarray(at, at + traffic.length);
        expect(part.equals(traffic.subarray(0, part.length)), `round ${round}, killed after ${ms} ms`).toBe(
          true,
        );
        if (part.length === traffic.length) whole += 1;
        at += traffic.length;
      }
      expect(whole, `rounds read, killed after ${ms} ms`).toBeGreaterThanOrEqual(rounds);
      await checkIndex(join(into, file.replace('.skbt', '.duckdb')), rounds, ms);
      rmSync(into, { recursive: true });
    }
  });
});

/** Every packet that had ended when it was safe is in it, and is found. */
async function checkIndex(path: string, rounds: number, ms: number): Promise<void> {
  const ended = new Set<number>();
  const memory = new SessionAssembler();
  for (const records of trafficOf(0)) memory.take(records);
  for (let packet = 1; packet <= packetsIn(1); packet += 1)
    if (memory.row(packet as never)?.verdict) ended.add(packet);
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const one = async (sql: string) => Number((await connection.runAndReadAll(sql)).getRowsJson()[0]?.[0]);
  const packets = await one(
    `SELECT count(DISTINCT packet) FROM packets WHERE packet <= ${packetsIn(rounds)}`,
  );
  const found = await one(
    `SELECT count(DISTINCT packet) FROM packets SEMI JOIN places USING (packet) WHERE packet <= ${packetsIn(rounds)}`,
  );
  connection.closeSync();
  instance.closeSync();
  expect(packets, `packets, killed after ${ms} ms`).toBeGreaterThanOrEqual(ended.size * rounds);
  expect(found).toBe(packets);
}
