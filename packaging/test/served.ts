/** `skbtracer serve FILE` of an installed package, as a person starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export interface Served {
  /** Status of an address below the page's, asked for with the token that it printed. */
  readonly status: (path: string) => Promise<number>;
  /** The page itself. */
  readonly page: string;
  /** Stops it; resolves to its exit status. */
  readonly stop: () => Promise<number | null>;
}

/** Of a machine that is busy. */
const ANSWER_MS = 50_000;

/** Resolves once the page is there; rejects with what it said when it ended before that. */
export async function serve(command: string, file: string): Promise<Served> {
  const child = spawn(command, ['serve', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: String(await freePort()), HOST: '127.0.0.1' },
  });
  const ended = once(child, 'exit');
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(String(text)));
  const give = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  const late = setTimeout(() => give('SIGKILL'), ANSWER_MS);
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /http:\/\/\S+token=[0-9a-f]+/.exec(line)?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once('error', reject);
    ended.then(() => reject(new Error(said.join(''))), reject);
  });
  const { origin, searchParams } = new URL(address);
  const headers = { Authorization: `Bearer ${searchParams.get('token')}` };
  const page = await fetch(`${origin}/`, { headers }).catch(async (error: unknown) => {
    await give('SIGKILL');
    throw error;
  });
  clearTimeout(late);
  return {
    page: await page.text(),
    status: async (path) => (await fetch(origin + path, { headers })).status,
    stop: async () => {
      const [code] = await give('SIGTERM');
      return code;
    },
  };
}

/** Nobody's at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port of 127.0.0.1 is free');
  return address.port;
}
