/** The token that the page and its socket need: made once, kept in a file that only its owner reads. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const TOKEN = /^[0-9a-f]{32}$/;

/** Root's state is the system's, a user's is the user's. */
export function tokenFile(): string {
  if (process.getuid?.() === 0) return '/var/lib/skbtracer/token';
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'skbtracer', 'token');
}

/** The token in the file, made anew when there is none or it is none. */
export function readToken(file = tokenFile()): string {
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (TOKEN.test(token)) return token;
  } catch {
    // made below
  }
  const token = randomBytes(16).toString('hex');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return token;
}

/** In a time that does not depend on where they differ. */
export function isSameToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
