/** Archives in cpio's "newc" form, as the kernel unpacks them (Documentation/driver-api/early-userspace). */

export interface Entry {
  readonly path: string;
  /** Absent: a folder. */
  readonly content?: Uint8Array;
  readonly executable?: boolean;
}

/** One archive; archives may follow each other in an initramfs. */
export function cpio(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, i) => {
    const mode = entry.content === undefined ? 0o040755 : entry.executable === true ? 0o100755 : 0o100644;
    parts.push(record(entry.path, entry.content ?? new Uint8Array(0), mode, i + 1));
  });
  parts.push(record('TRAILER!!!', new Uint8Array(0), 0, 0));
  return Buffer.concat(parts);
}

function record(path: string, content: Uint8Array, mode: number, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(Buffer.from(content))]);
}

/** Names and contents end at a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}
