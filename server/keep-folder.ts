/** Where the server keeps sessions: it has no privileges, so that whoever starts it finds a place that it can write to. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ServerConfig } from './config.ts';
import { makeFolder } from './folders.ts';
import type { User } from './privileges.ts';
import type { KeepLimits } from './store/limits.ts';

/** Of users who have no home. */
const OF_NOBODY = '/var/lib/skbtracer/recordings';

/** `user` is whom the server becomes, undefined: who we are. Makes the folder only where the server could not. */
export function chooseKeeping(
  { recordings, limits }: { readonly recordings: string | null | undefined; readonly limits: KeepLimits },
  user: User | undefined,
): ServerConfig['keep'] {
  if (recordings === null) return { isOn: false, why: 'that was asked for (--recordings off)' };
  const own = recordings === undefined ? ownFolder(user) : undefined;
  // what is in somebody's home he makes himself: nothing there is followed or given away by root
  if (own !== undefined) return { isOn: true, folder: own, limits };
  const folder = resolve(recordings ?? OF_NOBODY);
  try {
    if (user !== undefined && !existsSync(folder)) {
      makeFolder(folder);
      chownSync(folder, user.uid, user.gid);
    }
    return { isOn: true, folder, limits };
  } catch (error) {
    return {
      isOn: false,
      why: `${folder} cannot be made: ${error instanceof Error ? error.message : error}`,
    };
  }
}

/** In the home of that user; undefined when there is none. */
function ownFolder(user: User | undefined): string | undefined {
  if (user === undefined)
    return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'skbtracer', 'recordings');
  try {
    const entry = execFileSync('getent', ['passwd', String(user.uid)], { encoding: 'utf8' });
    const home = entry.trim().split(':')[5] ?? '';
    return existsSync(home) && home !== '/'
      ? join(home, '.local', 'state', 'skbtracer', 'recordings')
      : undefined;
  } catch {
    return undefined;
  }
}
