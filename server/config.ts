/** What the launcher tells the server, as one line of JSON on its standard input; parsed once, here. */
import * as v from 'valibot';
import { matching, positive, whole } from '../core/base/schema.ts';
import { freezeOrderSchema } from '../core/messages/freezing.ts';
import { keepLimitsSchema } from './store/limits.ts';

const someText = v.pipe(v.string(), v.nonEmpty('expected some text'));

export const serverConfigSchema = v.object({
  host: someText,
  port: whole(0, 65535),
  token: matching(/^[0-9a-f]{32}$/, '32 hexadecimal digits'),
  /** Why the lab was opened instead of tracing this host, '' when it was not. */
  labReason: v.string(),
  /** Bytes of records that a session has in memory. */
  memoryBytes: positive,
  /** Where sessions are kept, or why they are not. */
  keep: v.variant('isOn', [
    v.object({ isOn: v.literal(true), folder: someText, limits: keepLimitsSchema }),
    v.object({ isOn: v.literal(false), why: someText }),
  ]),
  /** What the end of a session is kept for, from the start; null: nothing is waited for until a page says so. */
  freeze: v.nullable(freezeOrderSchema),
  source: v.variant('kind', [
    /** The agent connects to this Unix socket, again whenever the launcher has restarted it. */
    v.object({ kind: v.literal('host'), socket: someText }),
    /** The server boots the lab itself: that needs no privileges. */
    v.object({ kind: v.literal('lab'), kernel: someText }),
    /** A recording; {@link RECORDING_FD} is its file, which the launcher can open where the server cannot. */
    v.object({ kind: v.literal('recording'), name: someText }),
    /** Any program that speaks the protocol on its standard streams: a recording, in tests. */
    v.object({
      kind: v.literal('program'),
      command: v.pipe(v.array(v.string()), v.nonEmpty('expected a command')),
    }),
  ]),
});

/** Descriptor of the server's on which the launcher leaves a recording. */
export const RECORDING_FD = 3;

/** What the server says on its standard output once it listens. */
export const READY_LINE = JSON.stringify({ ready: true });

export type ServerConfig = v.InferOutput<typeof serverConfigSchema>;

/** HOST and PORT of the environment. Fails with what is wrong. */
export function listenAddress(environment: NodeJS.ProcessEnv): { host: string; port: number } | string {
  const host = environment.HOST || '127.0.0.1';
  const text = environment.PORT || '3000';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65535)) return `PORT is a number from 1 to 65535, not '${text}'`;
  return { host, port };
}
