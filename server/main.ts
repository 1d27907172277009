/**
 * The server: pages, sockets, the session. It has no privileges: the launcher starts it as another user, tells it
 * everything in one line on its standard input, and is tied to it by that stream's end.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { parse } from '../core/base/schema.ts';
import { READY_LINE, type ServerConfig, serverConfigSchema } from './config.ts';
import { openGateway } from './gateway/gateway.ts';
import { Guard } from './http/guard.ts';
import { openPages } from './http/pages.ts';
import { createHttpServer } from './http/server.ts';
import { Hub } from './session/hub.ts';
import { connectStreams } from './sources/connection.ts';
import { labCommand, spawnAgent } from './sources/local.ts';
import { keepGoing } from './sources/respawn.ts';

const input = createInterface({ input: process.stdin });
const [line] = await Promise.race([firstLine(), ended()]);
run(parse(serverConfigSchema, JSON.parse(line))).catch((error: unknown) => {
  console.error(`skbtracer server: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

async function run(config: ServerConfig): Promise<void> {
  const hub = new Hub(config.source.kind === 'host' ? 'host' : 'lab', config.labReason, (error) => {
    console.error('skbtracer server: the session ended:', error);
    process.exit(1);
  });
  const stopSource = openSource(config, hub);
  const guard = new Guard(config);
  const http = createHttpServer(guard, await openPages());
  const stopGateway = openGateway({
    http,
    hub,
    refuse: (request) => guard.refuseWithoutToken(request)?.message,
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, config)));
    http.listen(config.port, config.host, resolve);
  });
  process.stdout.write(`${READY_LINE}\n`);

  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    http.close();
    http.closeAllConnections();
    await Promise.allSettled([stopGateway(), stopSource()]);
    await hub.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  input.once('close', stop); // the launcher is gone
}

/** Starts the lab, or waits for the launcher's agent. The result ends it. */
function openSource({ source }: ServerConfig, hub: Hub): () => Promise<void> {
  if (source.kind !== 'host') {
    // made here: the checkout may be shown to us at another place than to the launcher
    const command = source.kind === 'lab' ? labCommand(source.kernel) : source.command;
    return keepGoing(
      (listener) => spawnAgent(command, listener),
      () => hub.listener(),
      {
        started: (started) => hub.attach(started),
        waiting: (note) => hub.waiting(note),
      },
    );
  }
  rmSync(source.socket, { force: true });
  let isTaken = false;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // one agent at a time; a second is none of ours
    if (isTaken) {
      socket.destroy();
      return;
    }
    isTaken = true;
    const listener = hub.listener();
    hub.attach(
      connectStreams(socket, socket, {
        ...listener,
        gone(note) {
          isTaken = false;
          listener.gone(`The agent is gone: ${note}. It is started again.`);
        },
      }),
    );
  });
  server.listen(source.socket);
  return () =>
    new Promise((resolve) => {
      server.close();
      resolve();
    });
}

function listenFault(error: NodeJS.ErrnoException, { host, port }: ServerConfig): Error {
  if (error.code === 'EADDRINUSE')
    return new Error(
      `port ${port} of ${host} is taken: stop what uses it, or choose another (PORT=3001 npm start)`,
    );
  if (error.code === 'EACCES')
    return new Error(`port ${port} needs root: choose one from 1024 on (PORT=3000)`);
  return new Error(`cannot listen on ${host}:${port}: ${error.message}`);
}

function firstLine(): Promise<[string]> {
  return new Promise((resolve) => {
    input.once('line', (text) => resolve([text]));
  });
}

function ended(): Promise<[string]> {
  return new Promise((_, reject) => {
    process.stdin.once('end', () => reject(new Error('the server is started by the launcher (npm start)')));
  });
}
