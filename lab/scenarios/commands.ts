/** Commands of ours that run to their end, in a folder of their own, with a rule that drops. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nft } from './network.ts';
import { CLI } from './place.ts';

export function ours(...words: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(CLI, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { stdout, stderr, status, lines: stdout.split('\n').filter((line) => line !== '') };
}

/** The folder is gone afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-scenario-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** While a table of ours drops what goes to port 9999 of db. */
export async function withDroppedPort<T>(work: () => Promise<T>): Promise<T> {
  nft(
    'db',
    'table inet ours { chain in { type filter hook input priority 0; udp dport 9999 counter drop; }; }',
  );
  try {
    return await work();
  } finally {
    nft('db', 'delete table inet ours');
  }
}
