/** What people call a container: out of the files that its runtime keeps, without asking any daemon. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { check, record, sparse } from '../../core/base/schema.ts';
import { namesIn } from './files.ts';

export interface ContainerNames {
  readonly name: string;
  /** `namespace/name` of its pod, '' when it is in none. */
  readonly podName: string;
}

/** A longer file is not what we look for. */
const FILE_BYTES_MAX = 4 << 20;

const words = v.fallback(record, {});
const ociSchema = sparse({ annotations: words });
const dockerSchema = sparse({
  Name: v.optional(v.string(), ''),
  Config: v.nullish(sparse({ Labels: v.nullish(words) })),
});
const storageSchema = v.array(v.object({ id: v.string(), names: v.nullish(v.array(v.string())) }));

/** Where runtimes keep what they run; `<id>` and what the container's own file is called are added. */
const OCI_FOLDERS = [
  'run/containers/storage/overlay-containers/<id>/userdata/config.json', // CRI-O, Podman
  'run/containerd/io.containerd.runtime.v2.task/<namespace>/<id>/config.json',
  'run/k3s/containerd/io.containerd.runtime.v2.task/<namespace>/<id>/config.json',
] as const;

/** Annotations of the runtime's own bundle, the first that is there. */
const NAME_KEYS = ['io.kubernetes.cri.container-name', 'io.kubernetes.container.name', 'nerdctl/name'];
const POD_KEYS = ['io.kubernetes.cri.sandbox-name', 'io.kubernetes.pod.name'];
const POD_NAMESPACE_KEYS = ['io.kubernetes.cri.sandbox-namespace', 'io.kubernetes.pod.namespace'];

/**
 * Names of the container with this id, undefined when no file tells any. `root` is another file system's root in
 * tests. Reads a few small files; never throws.
 */
export function containerNames(id: string, root = '/'): ContainerNames | undefined {
  if (!/^[0-9a-f]{64}$/.test(id)) return undefined;
  return ofDocker(id, root) ?? ofBundle(id, root) ?? ofStorage(id, root);
}

function ofDocker(id: string, root: string): ContainerNames | undefined {
  const config = check(dockerSchema, json(join(root, 'var/lib/docker/containers', id, 'config.v2.json')));
  if (!config.ok) return undefined;
  const labels = config.value.Config?.Labels ?? {};
  return namesOf(labels, config.value.Name.replace(/^\//, ''));
}

function ofBundle(id: string, root: string): ContainerNames | undefined {
  for (const place of OCI_FOLDERS) {
    const [before = '', after] = place.split('<namespace>');
    const namespaces = after === undefined ? [''] : namesIn(join(root, before));
    for (const namespace of namespaces.slice(0, 64)) {
      const file = place.replace('<namespace>', namespace).replace('<id>', id);
      const bundle = check(ociSchema, json(join(root, file)));
      const names = bundle.ok ? namesOf(bundle.value.annotations, '') : undefined;
      if (names !== undefined) return names;
    }
  }
  return undefined;
}

/** containers/storage has one list of all, with the names that Podman shows. */
function ofStorage(id: string, root: string): ContainerNames | undefined {
  for (const file of ['containers.json', 'volatile-containers.json']) {
    const path = join(root, 'var/lib/containers/storage/overlay-containers', file);
    const all = check(storageSchema, json(path));
    const name = all.ok ? all.value.find((one) => one.id === id)?.names?.[0] : undefined;
    if (name !== undefined) return namesOf({}, name);
  }
  return undefined;
}

function namesOf(annotations: Readonly<Record<string, unknown>>, name: string): ContainerNames | undefined {
  const first = (keys: readonly string[]) =>
    printable(keys.map((key) => annotations[key]).find((value) => typeof value === 'string' && value !== ''));
  const isSandbox = annotations['io.kubernetes.cri.container-type'] === 'sandbox';
  const own = first(NAME_KEYS) || (isSandbox ? 'pause' : printable(name));
  const pod = first(POD_KEYS);
  const podName = pod === '' ? '' : `${first(POD_NAMESPACE_KEYS) || 'default'}/${pod}`;
  return own === '' ? undefined : { name: own, podName };
}

/** Others choose these names, and a terminal must see no control characters. */
const printable = (value: unknown): string =>
  typeof value === 'string' ? value.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 250) : '';

function json(file: string): unknown {
  try {
    return statSync(file).size <= FILE_BYTES_MAX ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  } catch {
    return undefined; // not this runtime's, or gone meanwhile
  }
}
