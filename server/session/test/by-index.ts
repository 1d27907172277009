/** A recording by its index, and what its frames say. */
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { PathBook } from '../../../core/model/path-book.ts';
import { ROW, ROW_BYTES, readRow, rowPacket } from '../../../core/wire/rows.ts';
import { Recording } from '../../recording/reader.ts';
import type { KeptFiles } from '../../store/kept.ts';
import { openShown, type Shown } from '../shown.ts';

/** Of the recording at this path. */
export async function filesOf(recording: string): Promise<KeptFiles> {
  const opened = await Recording.open(recording);
  const { createdUnixMs } = opened.header;
  await opened.close();
  return { recording, index: recording.replace(/\.skbt$/, '.duckdb'), createdUnixMs };
}

/** What its frames say. */
export async function replayed({ recording }: Pick<KeptFiles, 'recording'>): Promise<SessionAssembler> {
  const assembler = new SessionAssembler({ budgetBytes: 1 << 28 });
  const opened = await Recording.open(recording);
  for await (const item of opened.items()) {
    if (item.kind === 'batch') assembler.take(new Uint8Array(item.records));
    else if (item.message.type === 'functions' || item.message.type === 'reasons')
      assembler.takeNames(item.message);
  }
  await opened.close();
  return assembler;
}

/** Once all of its list is there. */
export async function shownOf(files: KeptFiles, assembler = new SessionAssembler()): Promise<Shown> {
  const shown = await openShown(files, assembler);
  if (shown === undefined) throw new Error('it has no index');
  await shown.whole;
  return shown;
}

/** Rows by packet, without what a number of one session says: which path, by its steps. */
export function rowsOf(rows: Uint8Array<ArrayBuffer>, words: ArrayBuffer) {
  const book = new PathBook();
  book.take({ session: 0, first: 1, words });
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  return new Map(
    Array.from({ length: rows.length / ROW_BYTES }, (_, i) => {
      const at = i * ROW_BYTES;
      const { path, ...row } = readRow(view, at);
      const steps: string[] = [];
      book.walk(path, (...step) => steps.push(step.join(' ')));
      const tuple = view.getUint32(at + ROW.tuple, true);
      return [rowPacket(view, at), { ...row, tuple, steps: steps.join(', ') }] as const;
    }),
  );
}
