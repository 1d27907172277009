/** The ELF kernel inside a bzImage; see Documentation/arch/x86/boot.rst for the offsets. */
import { execFileSync } from 'node:child_process';

const ELF = Buffer.from('\x7fELF', 'latin1');
const HEADER_MAGIC = 0x53726448; // "HdrS"
/** Compressed payloads begin so, and this unpacks them from stdin to stdout. */
const PACKERS = [
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), command: ['xz', '-dcq', '--single-stream'] },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), command: ['zstd', '-dcq'] },
  { magic: Buffer.from([0x1f, 0x8b]), command: ['gzip', '-dcq'] },
] as const;

/** The kernel's version and its ELF image. Throws when the file is no x86 kernel. */
export function uncompressedKernel(image: Buffer): { readonly version: string; readonly elf: Buffer } {
  if (image.length < 0x260 || image.readUInt32LE(0x202) !== HEADER_MAGIC)
    throw new Error('this is no x86 kernel image (bzImage)');
  const setupBytes = ((image.readUInt8(0x1f1) || 4) + 1) * 512;
  const versionAt = image.readUInt16LE(0x20e) + 0x200;
  const version = image.toString('latin1', versionAt, image.indexOf(0, versionAt)).split(' ')[0] ?? '';
  const from = setupBytes + image.readUInt32LE(0x248);
  const payload = image.subarray(from, from + image.readUInt32LE(0x24c));
  const packer = PACKERS.find(({ magic }) => payload.subarray(0, magic.length).equals(magic));
  if (packer === undefined) throw new Error('the kernel is packed in a way that is not known here');
  const elf = unpack(packer.command, payload);
  if (!elf.subarray(0, 4).equals(ELF)) throw new Error('what was packed in the kernel image is no ELF file');
  return { version, elf };
}

/** The kernel appends four bytes of its own to the payload: tools that complain of them have done their work. */
function unpack([command, ...args]: readonly string[], payload: Buffer): Buffer {
  const options = { input: payload, maxBuffer: 1 << 29, stdio: ['pipe', 'pipe', 'ignore'] } as const;
  try {
    return execFileSync(command ?? '', args, { ...options, stdio: [...options.stdio] });
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && Buffer.isBuffer(error.stdout)) return error.stdout;
    throw error;
  }
}
