/** How room is shared out, what a lane gives out, and the order of records: native/test/rings.cc, in words. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const lines = execFileSync('native/build/test/rings_test', { encoding: 'utf8' }).trim().split('\n');

it.each(lines.map((line) => line.split('\t')))('%s', (_, outcome) => expect(outcome).toBe('ok'));
