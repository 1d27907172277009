import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LAB_FLAGS } from '../flags.ts';

const ROOT = join(import.meta.dirname, '../../..');
const ours = (...words: string[]) =>
  spawnSync(join(ROOT, 'bin', 'skbtracer'), ['lab', ...words], { encoding: 'utf8' });

it('is the lab itself, with its own words, flags and exit status', () => {
  const help = ours('--help');
  expect(help.status).toBe(0);
  for (const flag of Object.keys(LAB_FLAGS)) expect(help.stdout).toContain(`--${flag}`);
  const told = [...help.stdout.matchAll(/--([a-z]+)/g)].map(([, flag = '']) => flag);
  expect(Object.keys(LAB_FLAGS)).toEqual(expect.arrayContaining(told));
  const wrong = ours('--memory', 'much');
  expect(wrong).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^lab: .*--memory/) });
});
