/** What the launcher tells the server, as one line of JSON on its standard input; parsed once, here. */
import { z } from 'zod';

export const serverConfigSchema = z.object({
  host: z.string().min(1),
  port: z.number().int().min(0).max(65535),
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** Why the lab was opened instead of tracing this host, '' when it was not. */
  labReason: z.string(),
  source: z.discriminatedUnion('kind', [
    /** The agent connects to this Unix socket, again whenever the launcher has restarted it. */
    z.object({ kind: z.literal('host'), socket: z.string().min(1) }),
    /** The server boots the lab itself: that needs no privileges. */
    z.object({ kind: z.literal('lab'), kernel: z.string().min(1) }),
    /** Any program that speaks the protocol on its standard streams: a recording, in tests. */
    z.object({ kind: z.literal('program'), command: z.array(z.string()).min(1) }),
  ]),
});

/** What the server says on its standard output once it listens. */
export const READY_LINE = JSON.stringify({ ready: true });

export type ServerConfig = z.infer<typeof serverConfigSchema>;

/** HOST and PORT of the environment. Fails with what is wrong. */
export function listenAddress(environment: NodeJS.ProcessEnv): { host: string; port: number } | string {
  const host = environment.HOST || '127.0.0.1';
  const text = environment.PORT || '3000';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65535)) return `PORT is a number from 1 to 65535, not '${text}'`;
  return { host, port };
}
