/** Instructions that are taken out of a program: native/test/cut.cc, in words. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const lines = execFileSync('native/build/test/cut_test', { encoding: 'utf8' }).trim().split('\n');

it.each(lines.map((line) => line.split('\t')))('%s', (_, outcome) => expect(outcome).toBe('ok'));
