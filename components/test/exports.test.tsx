// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ok, type Result } from '../../core/base/result.ts';
import type { ListedExport } from '../../core/messages/exports.ts';
import { startExport, useExports, watchExports } from '../state/exports.ts';
import { ExportStrip } from '../views/export/ExportStrip.tsx';

/** What the server answers, in turn; the last again and again. */
let answers: (readonly ListedExport[])[] = [];
const cancelled: number[] = [];
vi.mock('../state/socket.ts', () => ({
  requestExports: async (): Promise<Result<readonly ListedExport[]>> =>
    ok((answers.length > 1 ? answers.shift() : answers[0]) ?? []),
  requestCancelExport: async (id: number): Promise<Result<null>> => {
    cancelled.push(id);
    return ok(null);
  },
}));

const one = (id: number, more: Partial<ListedExport> = {}): ListedExport => ({
  id,
  name: 'edge-7',
  format: 'csv',
  bytes: 2 << 20,
  share: 0.42,
  failure: undefined,
  ...more,
});
const followed: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  followed.length = 0;
  cancelled.length = 0;
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    followed.push(this.getAttribute('href') ?? '');
  });
  render(<ExportStrip />);
});
afterEach(async () => {
  answers = [[]];
  await vi.runAllTimersAsync();
  useExports.setState({ failure: undefined, running: [] });
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('a page that comes later shows what runs, and no failure of before', async () => {
  answers = [[one(1, { failure: 'of yesterday' }), one(2)]];
  watchExports();
  await vi.advanceTimersByTimeAsync(0);
  expect(screen.queryByRole('alert')).toBeNull();
  expect(screen.getAllByRole('status')).toHaveLength(1);
});

it('an export begins as a download, is told as far as it is, and can be cancelled', async () => {
  answers = [[], [one(3)]];
  await startExport({ name: 'edge-7', title: 'edge-7' }, 'csv');
  await vi.advanceTimersByTimeAsync(0);
  expect(followed).toEqual(['/recordings/edge-7/export?format=csv']);
  expect(screen.getByRole('status').textContent).toContain(
    'Exporting edge-7 as CSV: 42 % read, 2.0 MiB sent',
  );
  answers = [[]];
  fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  await vi.runAllTimersAsync();
  expect(cancelled).toEqual([3]);
  expect(screen.queryByRole('status')).toBeNull();
});

it('one that fails says why, once, and what failed before or for others is not told', async () => {
  const old = one(1, { failure: 'of yesterday' });
  answers = [[old], [old, one(4)], [old, one(4, { failure: 'the block at byte 77 is damaged' })]];
  await startExport({ name: '', title: 'What this session keeps' }, 'parquet');
  await vi.runAllTimersAsync();
  expect(followed).toEqual(['/session/export?format=parquet']);
  expect(screen.getByRole('alert').textContent).toContain(
    'The export as CSV failed: the block at byte 77 is damaged',
  );
  fireEvent.click(screen.getByRole('button', { name: 'Close the message' }));
  answers = [[old, one(4, { failure: 'the block at byte 77 is damaged' })]];
  await startExport({ name: '', title: 'What this session keeps' }, 'csv');
  await vi.runAllTimersAsync();
  expect(screen.queryByRole('alert')).toBeNull();
});

it('a third is not begun', async () => {
  answers = [[one(5), one(6)]];
  await startExport({ name: 'edge-7', title: 'edge-7' }, 'csv');
  expect(followed).toEqual([]);
  expect(useExports.getState().failure?.message).toContain('2 exports are made already');
  await vi.advanceTimersByTimeAsync(0);
  expect(screen.getAllByRole('status')).toHaveLength(2);
});
