import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TAIL_LINES = 25;
/** Of a console, at most its end. */
const MAX_BYTES = 1 << 20;

/** What the guest's kernel said; readable after its file was removed, once it was opened. */
export class ConsoleFile {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  open(): void {
    this.#fd ??= openSync(this.#path, 'r');
  }

  /** Writes it to a file of its own, in `folder` or a new one, and returns its last lines and where the rest is. */
  keep(folder: string | undefined): string {
    const text = this.#read();
    if (text.trim() === '') return 'lab: its console is empty';
    const path = join(folder ?? mkdtempSync(join(tmpdir(), 'skbtracer-lab-died-')), 'console');
    writeFileSync(path, text);
    const tail = text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
    return `${tail}\nlab: its console is in ${path}`;
  }

  #read(): string {
    if (this.#fd === undefined) {
      try {
        return readFileSync(this.#path, 'utf8').slice(-MAX_BYTES);
      } catch {
        return ''; // QEMU did not even start
      }
    }
    const { size } = fstatSync(this.#fd);
    const bytes = Buffer.alloc(Math.min(size, MAX_BYTES));
    readSync(this.#fd, bytes, 0, bytes.length, size - bytes.length);
    closeSync(this.#fd);
    this.#fd = undefined;
    return bytes.toString('utf8');
  }
}
