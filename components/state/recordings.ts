'use client';

import { create } from 'zustand';
import { type Failure, fail, type Result } from '../../core/base/result.ts';
import type { ListedRecording, RecordingList } from '../../core/messages/recordings.ts';
import { requestNote, requestRecordings, requestRemoval, requestRestoring } from './socket.ts';

interface Recordings {
  /** Undefined before it was told. */
  readonly list: RecordingList | undefined;
  /** Why it is not known what there is. */
  readonly failure: Failure | undefined;
  /** Why what was asked for last was not done. */
  readonly refusal: Failure | undefined;
  /** What was removed last, and can be brought back; '' for nothing. */
  readonly removed: string;
  /** What is to be compared, in the order of choice; two at most. */
  readonly compared: readonly string[];
  /** What is being sent, and how much of it has been, 0 to 1. */
  readonly incoming: { readonly file: string; readonly share: number } | undefined;
}

export const useRecordings = create<Recordings>(() => ({
  list: undefined,
  failure: undefined,
  refusal: undefined,
  removed: '',
  compared: [],
  incoming: undefined,
}));

const { setState } = useRecordings;

/** Chooses it to be compared, or no more; a third choice takes the place of the first. */
export const chooseForComparison = (name: string, isChosen: boolean): void =>
  setState(({ compared }) => {
    const others = compared.filter((one) => one !== name);
    return { compared: isChosen ? [...others, name].slice(-2) : others };
  });

/** The two that are chosen, the older one first; undefined while there are fewer, or one of them is gone. */
export function chosenPair({
  list,
  compared,
}: Pick<Recordings, 'list' | 'compared'>): readonly [ListedRecording, ListedRecording] | undefined {
  const chosen = (list?.recordings ?? []).filter(({ name }) => compared.includes(name));
  const [a, b] = chosen.sort((one, other) => one.createdUnixMs - other.createdUnixMs);
  return a === undefined || b === undefined ? undefined : [a, b];
}

/** Asks what there is. */
export async function loadRecordings(): Promise<void> {
  const result = await requestRecordings();
  setState(result.ok ? { list: result.value, failure: undefined } : { failure: result.error });
}

/** Tells what went wrong, and asks anew what there is. */
async function after(result: Result<null>, change: Partial<Recordings> = {}): Promise<void> {
  await loadRecordings();
  setState(result.ok ? { ...change, refusal: undefined } : { refusal: result.error });
}

export const noteRecording = async (name: string, note: string): Promise<void> =>
  after(await requestNote({ name, note }));
export const removeRecording = async (name: string): Promise<void> =>
  after(await requestRemoval(name), { removed: name });
export const restoreRecording = async (name: string): Promise<void> =>
  after(await requestRestoring(name), { removed: '' });

/** The page of a recording, and the file. */
export const pageOf = (name: string): string => `/recordings/${encodeURIComponent(name)}`;
export const fileOf = (name: string): string => `${pageOf(name)}.skbt`;

/** Ends what is being sent. */
let sending = new AbortController();

/** Sends files one after the other; what is wrong with one is told, and the next is sent. */
export async function importRecordings(files: readonly File[]): Promise<void> {
  let refusal: Failure | undefined;
  // those that are sent already are cancelled by the same
  if (sending.signal.aborted) sending = new AbortController();
  const { signal } = sending;
  for (const file of files) {
    if (signal.aborted) break;
    const progress = (share: number) => setState({ incoming: { file: file.name, share } });
    const result = await send(file, progress, signal);
    if (!result.ok && !signal.aborted) refusal = result.error;
  }
  await loadRecordings();
  setState({ incoming: undefined, refusal });
}

/** Of a file that is not taken in yet nothing is left, and none of those behind it is sent. */
export const cancelImport = (): void => sending.abort();

/** By XMLHttpRequest, which tells how far it is. */
function send(
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Result<{ readonly name: string }>> {
  progress(0);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const unanswered = () =>
      resolve(fail('NOT_SENT', `${file.name} was not sent: the server did not take it to its end`));
    request.upload.onprogress = ({ loaded, total }) => progress(total === 0 ? 1 : loaded / total);
    request.upload.onload = () => progress(1);
    request.onerror = unanswered;
    request.onabort = unanswered;
    signal.addEventListener('abort', () => request.abort());
    request.onload = () => {
      try {
        resolve(JSON.parse(request.responseText) as Result<{ readonly name: string }>);
      } catch {
        unanswered();
      }
    };
    request.open('POST', `/recordings?name=${encodeURIComponent(file.name)}`);
    request.send(file);
  });
}
