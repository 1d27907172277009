/**
 * The server: pages, sockets, the session. It has no privileges: the launcher starts it as another user, tells it
 * everything in one line on its standard input, and is tied to it by that stream's end.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from '../core/base/schema.ts';
import { READY_LINE, RECORDING_FD, type ServerConfig, serverConfigSchema } from './config.ts';
import { openGateway } from './gateway/gateway.ts';
import { Exports } from './http/exports.ts';
import { Guard } from './http/guard.ts';
import { makeMonitor } from './http/monitor.ts';
import { openPages } from './http/pages.ts';
import { makeSaver } from './http/saver.ts';
import { createHttpServer } from './http/server.ts';
import { openRecordedFd } from './import/open.ts';
import { Freezer, noFreezer } from './session/freezer.ts';
import { Hub } from './session/hub.ts';
import { playInto, RecordedHubs } from './session/recorded.ts';
import { connectStreams } from './sources/connection.ts';
import { labCommand, spawnAgent } from './sources/local.ts';
import { keepGoing } from './sources/respawn.ts';
import { Library, noLibrary, openLibrary } from './store/library.ts';
import { noStore, Store } from './store/store.ts';
import { productVersion } from './version.ts';

// whatever it writes (recordings) is its user's alone, in its threads, too
process.umask(0o077);
/** A source that does not answer is not waited for. */
const HAND_OVER_MS = 3000;
const FREEZE_MS = 10_000;

const input = createInterface({ input: process.stdin });
const [line] = await Promise.race([firstLine(), ended()]);
run(parse(serverConfigSchema, JSON.parse(line))).catch((error: unknown) => {
  console.error(`skbtracer server: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

async function run(config: ServerConfig): Promise<void> {
  const { kind } = config.source;
  const store = config.keep.isOn
    ? new Store({ ...config.keep, product: productVersion() }, (keeping) => {
        if (keeping.phase === 'failed') console.error(`skbtracer server: no session is kept: ${keeping.why}`);
      })
    : noStore(config.keep.why);
  const library = config.keep.isOn
    ? openLibrary(config.keep, () => (store.keeping.phase === 'on' ? store.keeping.file : ''))
    : noLibrary(config.keep.why);
  const { labReason, memoryBytes } = config;
  const settings = { kind: kind === 'program' ? 'lab' : kind, labReason, memoryBytes } as const;
  const hub = new Hub(settings, store, (error) => {
    console.error('skbtracer server: the session ended:', error);
    process.exit(1);
  });
  const freezer =
    library instanceof Library
      ? new Freezer(hub, library, productVersion())
      : noFreezer(`no recordings are kept: ${library.why}`);
  const waits = config.freeze === null ? undefined : freezer.wait(config.freeze);
  if (waits?.ok === false) console.error(`skbtracer server: nothing is frozen: ${waits.error.message}`);
  const stopSource = openSource(config, hub);
  const guard = new Guard(config);
  const exports = new Exports({ folder: library.folder });
  const http = createHttpServer(guard, await openPages(), {
    monitor: makeMonitor(hub),
    saver: makeSaver(hub, productVersion()),
    recordings: library,
    exports,
    freezer,
  });
  const gateway = openGateway({
    http,
    hub,
    shelves: {
      list: () => library.list(),
      note: (name, note) => library.note(name, note),
      restore: (name) => library.restore(name),
      remove(name) {
        const result = library.remove(name);
        if (result.ok) recorded.forget(name);
        return result;
      },
    },
    enter: (name) => recorded.enter(name),
    exports,
    freezer,
    refuse: (request) => guard.refuseWithoutToken(request)?.message,
  });
  const recorded = new RecordedHubs({
    open: (name) => library.open(name),
    indexOf: (name) => library.indexOf(name),
    memoryBytes,
    serve: gateway.serve,
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
    await Promise.all([handOver(), exports.close()]);
    // as long as the host can be asked, and no longer than a disk that hangs is waited for
    await Promise.race([freezer.close(), wait(FREEZE_MS, undefined, { ref: false })]);
    await Promise.allSettled([gateway.close(), stopSource()]);
    await recorded.close();
    await Promise.all([library.close(), hub.close()]);
    process.exit(0);
  };
  /** What the kernel side has recorded until now belongs to the session that is kept. */
  const handOver = async () => {
    if (store.keeping.phase !== 'on' || hub.snapshot.capture.phase !== 'running') return;
    await Promise.race([hub.stop(), new Promise((resolve) => setTimeout(resolve, HAND_OVER_MS))]);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  input.once('close', stop); // the launcher is gone
}

/** Starts the lab, or waits for the launcher's agent. The result ends it. */
function openSource({ source }: ServerConfig, hub: Hub): () => Promise<void> {
  if (source.kind === 'recording') return playInto(hub, openRecordedFd(RECORDING_FD), source.name);
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
  // who may enter its folder may connect: we, and the launcher's group
  server.listen({ path: source.socket, writableAll: true });
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
