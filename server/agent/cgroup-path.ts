/** What runs in a control group, as the names of its folders tell it. */
import type { CgroupInfo } from '../../core/messages/source.ts';

export type CgroupFacts = Pick<CgroupInfo, 'kind' | 'name' | 'runtime' | 'container' | 'pod' | 'qos'>;

const ID = '([0-9a-f]{64})';
/** One folder's name says runtime and id of a container. */
const BY_FOLDER: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^docker-${ID}\\.scope$`), 'docker'],
  [new RegExp(`^(?:cri-containerd|nerdctl)-${ID}\\.scope$`), 'containerd'],
  // a systemd path given to the cgroupfs driver
  [new RegExp(`:cri-containerd:${ID}$`), 'containerd'],
  [new RegExp(`^crio-${ID}(?:\\.scope)?$`), 'cri-o'],
  [new RegExp(`^libpod-(?:payload-)?${ID}(?:\\.scope)?$`), 'podman'],
];
/** A folder named by the bare id: the one above says whose. */
const BARE_ID = new RegExp(`^${ID}$`);
const BY_PARENT = new Map([
  ['docker', 'docker'],
  ['default', 'containerd'],
  ['k8s.io', 'containerd'],
  ['moby', 'docker'],
]);
/** Containers that have a name, no id. Virtual machines of libvirt are no containers. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/^lxc\.payload\.(.+)$/, 'lxc'],
  [/^systemd-nspawn@(.+)\.service$/, 'nspawn'],
  [/^machine-(?!qemu\\x2d)(.+)\.scope$/, 'nspawn'],
];
const POD =
  /(?:^|-)pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=\.slice(?::|$)|:|$)/;
const UNIT = /\.(?:service|scope|socket|mount|swap)$/;

/**
 * Reads a path below the root of the cgroup2 tree. The innermost container counts, with the pod around it; a
 * container's own folders are the container. Without one it is a pod, a systemd unit, or something else.
 */
export function describeCgroup(path: string): CgroupFacts {
  const folders = path.split('/').filter((folder) => folder !== '');
  const inner = [...folders.keys()].reverse();
  const found = inner.map((i) => containerOf(folders, i)).find((one) => one !== undefined);
  const around = found === undefined ? folders : folders.slice(0, found.depth + 1);
  const pod = around.map((folder) => POD.exec(folder)?.[1]).findLast((uid) => uid !== undefined);
  const podFacts = { pod: pod?.replaceAll('_', '-') ?? '', qos: pod === undefined ? '' : qosOf(around) };
  if (found !== undefined) {
    const { name, runtime, container } = found;
    return { kind: 'container', name: name.slice(0, 256), runtime, container, ...podFacts };
  }
  const nothing = { runtime: '', container: '', ...podFacts };
  if (pod !== undefined) return { ...nothing, kind: 'pod', name: podFacts.pod };
  const unit = folders.findLast((folder) => UNIT.test(folder));
  const name = unescaped(unit ?? folders.at(-1) ?? '/').slice(0, 256);
  return { ...nothing, kind: unit === undefined ? 'other' : 'unit', name };
}

interface FoundContainer {
  readonly depth: number;
  readonly name: string;
  readonly runtime: string;
  readonly container: string;
}

/** The container that the folder at `depth` is the top of. */
function containerOf(folders: readonly string[], depth: number): FoundContainer | undefined {
  const folder = folders[depth] ?? '';
  const parent = folders[depth - 1] ?? '';
  for (const [pattern, runtime] of BY_FOLDER) {
    const id = pattern.exec(folder)?.[1];
    if (id !== undefined) return { depth, runtime, container: id, name: id.slice(0, 12) };
  }
  for (const [pattern, runtime] of BY_NAME) {
    const name = pattern.exec(folder)?.[1];
    if (name !== undefined) return { depth, runtime, container: '', name: unescaped(name) };
  }
  if (parent === 'lxc') return { depth, runtime: 'lxc', container: '', name: folder };
  if (!BARE_ID.test(folder)) return undefined;
  const runtime = POD.test(parent)
    ? 'cri'
    : (BY_PARENT.get(parent) ?? (folders[depth - 2] === 'ecs' ? 'docker' : ''));
  return { depth, runtime, container: folder, name: folder.slice(0, 12) };
}

/** Kubernetes puts guaranteed pods directly below its top, the others below a folder of their class. */
function qosOf(folders: readonly string[]): CgroupFacts['qos'] {
  const text = folders.join('/');
  return /kubepods[-/](?:\S*-)?burstable/.test(text)
    ? 'burstable'
    : /kubepods[-/](?:\S*-)?besteffort/.test(text)
      ? 'besteffort'
      : 'guaranteed';
}

/** systemd writes `-` and others in a unit's name as `\x2d`. */
function unescaped(unit: string): string {
  return unit.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
