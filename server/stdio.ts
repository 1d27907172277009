/** Standard output that never blocks the process: process.stdout does, on a pipe that nobody reads. */
import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** File descriptor 1: asynchronous for pipes and sockets, by the thread pool for everything else. */
export function openStandardOutput(): Writable {
  return isStream(1)
    ? new Socket({ fd: 1, readable: false, writable: true })
    : createWriteStream('', { fd: 1 });
}

/** A pipe or a socket, which libuv can wait for. */
export function isStream(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket();
}
