/** Network addresses as text. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `02:00:00:00:00:01`, from six bytes at `at`. */
export function macText(bytes: Uint8Array, at = 0): string {
  let text = '';
  for (let i = 0; i < 6; i += 1) text += `${i === 0 ? '' : ':'}${HEX[bytes[at + i] ?? 0]}`;
  return text;
}

/** `10.1.0.3`, from four bytes at `at`. */
export function ipv4Text(bytes: Uint8Array, at = 0): string {
  return `${bytes[at] ?? 0}.${bytes[at + 1] ?? 0}.${bytes[at + 2] ?? 0}.${bytes[at + 3] ?? 0}`;
}

/** As RFC 5952 writes it: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
export function ipv6Text(bytes: Uint8Array, at = 0): string {
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[at + 2 * i] ?? 0) << 8) | (bytes[at + 2 * i + 1] ?? 0),
  );
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${ipv4Text(bytes, at + 12)}`;
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return start < 0 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

/** By IP version; version 0 (ARP) is written as IPv4. */
export function ipText(bytes: Uint8Array, at: number, version: number): string {
  return version === 6 ? ipv6Text(bytes, at) : ipv4Text(bytes, at);
}
