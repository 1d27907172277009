import { expect, it } from 'vitest';
import { hostText, sourceText } from '../source-text.ts';

it('says whose packets these are, as far as that is told', () => {
  expect(hostText({ kind: 'lab', hostname: 'vm' })).toBe('the lab');
  expect(hostText({ kind: 'host', hostname: 'node1' })).toBe('node1');
  expect(sourceText({ hostname: 'node1', kernel: '6.12.1' })).toBe('node1, Linux 6.12.1');
  expect(sourceText({ hostname: '', kernel: '6.12.1' })).toBe('a host that is not told, Linux 6.12.1');
  expect(sourceText({ hostname: '', kernel: '' })).toBe('a host that is not told');
});
