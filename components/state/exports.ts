'use client';

import { create } from 'zustand';
import type { Failure } from '../../core/base/result.ts';
import { exportAddress, type ListedExport } from '../../core/messages/exports.ts';
import { type ExportFormat, FORMAT_WORDS } from '../../core/model/export/formats.ts';
import { requestCancelExport, requestExports } from './socket.ts';

/** What a person wants to have in another format. */
export interface Exportable {
  /** The recording's; '' of the session that runs. */
  readonly name: string;
  /** For people. */
  readonly title: string;
}

interface ExportsState {
  /** What is to be exported, while the format is chosen. */
  readonly asked: Exportable | undefined;
  readonly running: readonly ListedExport[];
  /** Why the last one failed, or did not begin. */
  readonly failure: Failure | undefined;
}

export const useExports = create<ExportsState>(() => ({ asked: undefined, running: [], failure: undefined }));

const { setState } = useExports;

/** The server answers for as many. */
const RUNNING_MAX = 2;
const BUSY: Failure = {
  code: 'BUSY',
  message: `${RUNNING_MAX} exports are made already: wait until one is done, or cancel it`,
};
const EVERY_MS = 700;
/** A download begins a moment after its link was followed. */
const PATIENCE = 4;

export const askExport = (asked: Exportable | undefined): void => setState({ asked });
export const forgetExportFailure = (): void => setState({ failure: undefined });

/** Failures that were told, or were there before this page asked: ids up to this one; -1 as long as it has not. */
let toldUpTo = -1;
let isWatching = false;
let patience = 0;

/** Begins a download; how far it is, and why it fails, is told by {@link useExports}. */
export async function startExport({ name }: Exportable, format: ExportFormat): Promise<void> {
  setState({ asked: undefined, failure: undefined });
  const result = await requestExports();
  if (!result.ok) {
    setState({ failure: result.error });
    return;
  }
  begin(result.value);
  const running = result.value.filter(isRunning);
  if (running.length >= RUNNING_MAX) {
    setState({ failure: BUSY, running });
    watchExports();
    return;
  }
  const link = document.createElement('a');
  link.href = exportAddress(name, format);
  link.download = '';
  link.click();
  watchExports();
}

/** Asks how far they are for as long as there are any. */
export function watchExports(): void {
  patience = PATIENCE;
  if (isWatching) return;
  isWatching = true;
  void watch();
}

/** What has failed by now is nothing that this page began. */
function begin(all: readonly ListedExport[]): void {
  if (toldUpTo >= 0) return;
  toldUpTo = Math.max(0, ...all.filter((one) => !isRunning(one)).map(({ id }) => id));
}

async function watch(): Promise<void> {
  const result = await requestExports();
  if (result.ok) {
    begin(result.value);
    const failed = result.value.filter(({ id, failure }) => failure !== undefined && id > toldUpTo);
    for (const { id, format, failure = '' } of failed) {
      toldUpTo = id;
      setState({ failure: { code: 'EXPORT_FAILED', message: failureText(format, failure) } });
    }
    const running = result.value.filter(isRunning);
    if (running.length > 0 || useExports.getState().running.length > 0) setState({ running });
    patience = running.length > 0 ? PATIENCE : patience - 1;
  } else patience -= 1;
  if (patience > 0) setTimeout(watch, EVERY_MS);
  else {
    isWatching = false;
    setState({ running: [] });
  }
}

export async function cancelExport(id: number): Promise<void> {
  const result = await requestCancelExport(id);
  setState(({ running }) => ({ running: running.filter((one) => one.id !== id) }));
  // one that is over needs no cancelling
  if (!result.ok && result.error.code !== 'EXPORT_OVER') setState({ failure: result.error });
}

const isRunning = ({ failure }: ListedExport): boolean => failure === undefined;

const failureText = (format: ExportFormat, why: string): string =>
  `The export as ${FORMAT_WORDS[format].label} failed: ${why}`;
