/** The stream on which the agent speaks: its standard ones, or a socket that it connects to. */
import { createReadStream } from 'node:fs';
import { connect, Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { isStream, openStandardOutput } from '../stdio.ts';

export interface Streams {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * The standard streams, never blocking: process.stdout blocks the whole process on a pipe that nobody reads. In
 * the lab they are character devices, which only the thread pool can wait for.
 */
export function standardStreams(): Streams {
  return {
    input: isStream(0)
      ? new Socket({ fd: 0, readable: true, writable: false })
      : createReadStream('', { fd: 0 }),
    output: openStandardOutput(),
  };
}

/** A socket at this path. Rejects with the system's error. */
export function socketStreams(path: string): Promise<Streams> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve({ input: socket, output: socket });
    });
  });
}
