/** The run's unix sockets, one for each of the guest's ports. Sockets, not FIFOs: they do not block in open(). */
import { createServer, type Server, type Socket } from 'node:net';
import type { MarkedOutput } from './output.ts';

/** Waits for QEMU at this path; `take` gets its connection. */
export function listen(path: string, take: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy()); // QEMU went away: its exit says more
      take(socket);
    });
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}

/** Joins this process's terminal with the guest's; the caller gives the terminal back. */
export function joinTerminal(socket: Socket, out: MarkedOutput): void {
  process.stdin.setRawMode(true);
  process.stdin.pipe(socket);
  out.take(socket);
}

/** What the guest tells on its status port, a line each: `up` when the command is about to run, then its status. */
export function readStatus(socket: Socket, on: { up(): void; status(status: number): void }): void {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    const lines = text.split('\n');
    text = (lines.pop() ?? '').slice(0, 16);
    for (const line of lines) {
      if (line === 'up') on.up();
      else if (/^\d{1,3}$/.test(line)) on.status(Number(line));
    }
  });
}
