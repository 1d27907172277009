/** Who the server runs as, and how it gets there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './place.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Who the server was to be it cannot be here; the message says why, and what to do. */
export class PrivilegesError extends Error {}

/** Where the checkout and Node are shown to a user who cannot reach them where they are. */
const SHOWN = '/var/lib/skbtracer/shown';

/**
 * Whom the server becomes when we are root: the user who called sudo, SKBTRACER_USER, or nobody. Undefined when
 * we are not root: there is nothing to give up.
 */
export function chooseUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { SUDO_UID, SUDO_GID, SKBTRACER_USER } = process.env;
  if (SKBTRACER_USER) return userNamed(SKBTRACER_USER);
  if (Number(SUDO_UID) > 0 && Number(SUDO_GID) > 0) return { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
  return userNamed('nobody');
}

function userNamed(name: string): User {
  const ask = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  const user = { uid: ask('-u'), gid: ask('-g') };
  if (!(user.uid > 0)) throw new PrivilegesError(`SKBTRACER_USER=${name} must be a user without privileges`);
  return user;
}

/**
 * The command line that runs `command` as that user; `{root}` in it is the checkout. It dies with us. Where the
 * user cannot reach the checkout (under /root, say), both it and Node are bound to a place where he can, in a
 * mount namespace of the server's own.
 */
export function asUser(command: readonly string[], user: User | undefined): readonly string[] {
  const at = (root: string) => command.map((word) => word.replace('{root}', root));
  if (user === undefined) return ['setpriv', '--pdeathsig', 'KILL', ...at(ROOT)];
  const drop = [
    'setpriv', '--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups', '--no-new-privs',
    '--inh-caps=-all', '--bounding-set=-all', '--pdeathsig', 'KILL',
  ]; // biome-ignore format: a command line
  if (canReach(drop)) return [...drop, ...at(ROOT)];
  const root = join(SHOWN, 'app');
  const node = join(SHOWN, 'node');
  mkdirSync(root, { recursive: true, mode: 0o755 });
  mkdirSync(node, { recursive: true, mode: 0o755 });
  const [program = '', ...args] = at(root);
  const script =
    'set -e; mount --bind "$1" "$2"; mount -o remount,bind,ro "$2"; mount --bind "$3" "$4"; mount -o remount,bind,ro "$4"; shift 4; exec "$@"';
  return [
    'setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', 'sh', '-c', script, 'sh', ROOT, root, dirname(program), node,
    ...drop, join(node, 'node'), ...args,
  ]; // biome-ignore format: a command line
}

/** Exit status of setpriv(1) when it cannot become what it was told to. */
const REFUSED = 127;

/** Throws a PrivilegesError when the kernel refuses that user. */
function canReach([program = '', ...args]: readonly string[]): boolean {
  const script = 'test -r "$0" && test -x "$1"';
  const files = [join(ROOT, 'dist', 'server.mjs'), process.execPath];
  const { status, stderr } = spawnSync(program, [...args, 'sh', '-c', script, ...files], {
    encoding: 'utf8',
  });
  if (status === REFUSED)
    throw new PrivilegesError(
      `the server cannot give up its privileges: ${stderr.trim()}; give CAP_SETUID, CAP_SETGID and CAP_SETPCAP to this container or service`,
    );
  return status === 0;
}
