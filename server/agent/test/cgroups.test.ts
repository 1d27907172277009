import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from '../../../core/base/schema.ts';
import { cgroupInfoSchema } from '../../../core/messages/source.ts';
import { describeCgroup } from '../cgroup-path.ts';
import { CgroupTable, cgroupRoot, findCgroups } from '../cgroups.ts';
import { containerNames } from '../container-names.ts';

const ID = '3f4e5d6c7b8a90123f4e5d6c7b8a90123f4e5d6c7b8a90123f4e5d6c7b8a9012';
const OTHER = ID.replaceAll('3', 'e');
const UID = '6a1b2c3d-0011-4223-8334-556677889900';
const POD = UID.replaceAll('-', '_');
const MIRROR = '0123456789abcdef0123456789abcdef';

describe('the path of a control group says what runs in it', () => {
  it.each([
    // Docker: systemd and cgroupfs drivers, and one Docker inside another
    [`/system.slice/docker-${ID}.scope`, 'docker', ID, '', ''],
    [`/docker/${ID}`, 'docker', ID, '', ''],
    [`/docker/${ID}/docker/${OTHER}`, 'docker', OTHER, '', ''],
    [`/docker/${ID}/system.slice/nginx.service`, 'docker', ID, '', ''],
    [`/ecs/${MIRROR}/${ID}`, 'docker', ID, '', ''],
    // containerd without Kubernetes
    [`/system.slice/nerdctl-${ID}.scope`, 'containerd', ID, '', ''],
    [`/default/${ID}`, 'containerd', ID, '', ''],
    // Kubernetes: every QoS class, both drivers, both runtimes, a static pod, kind (a node in Docker)
    [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD}.slice/cri-containerd-${ID}.scope`, 'containerd', ID, UID, 'burstable'],
    [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD}.slice/crio-${ID}.scope`, 'cri-o', ID, UID, 'besteffort'],
    [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD}.slice/crio-${ID}.scope/container`, 'cri-o', ID, UID, 'besteffort'],
    [`/kubepods.slice/kubepods-pod${POD}.slice/cri-containerd-${ID}.scope`, 'containerd', ID, UID, 'guaranteed'],
    [`/kubepods/burstable/pod${UID}/${ID}`, 'cri', ID, UID, 'burstable'],
    [`/kubepods/pod${UID}/${ID}`, 'cri', ID, UID, 'guaranteed'],
    [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${MIRROR}.slice/cri-containerd-${ID}.scope`, 'containerd', ID, MIRROR, 'burstable'],
    [`/system.slice/containerd.service/kubepods-burstable-pod${POD}.slice:cri-containerd:${ID}`, 'containerd', ID, UID, 'burstable'],
    [`/system.slice/docker-${OTHER}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${POD}.slice/cri-containerd-${ID}.scope`, 'containerd', ID, UID, 'besteffort'],
    // Podman: as root, as a user, from a unit (quadlet)
    [`/machine.slice/libpod-${ID}.scope`, 'podman', ID, '', ''],
    [`/machine.slice/libpod-${ID}.scope/container`, 'podman', ID, '', ''],
    [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, 'podman', ID, '', ''],
    [`/system.slice/web.service/libpod-payload-${ID}`, 'podman', ID, '', ''],
    [`/libpod_parent/libpod-${ID}`, 'podman', ID, '', ''],
  ])('%s', (path, runtime, container, pod, qos) => {
    expect(describeCgroup(path)).toEqual({
      kind: 'container',
      name: container.slice(0, 12),
      runtime,
      container,
      pod,
      qos,
    });
  }); // biome-ignore format: a table

  it.each([
    ['/lxc.payload.web', 'container', 'web', 'lxc'],
    ['/lxc.payload.web/system.slice/nginx.service', 'container', 'web', 'lxc'],
    ['/lxc/101/ns/init.scope', 'container', '101', 'lxc'],
    ['/lxc.monitor.web', 'other', 'lxc.monitor.web', ''],
    ['/machine.slice/systemd-nspawn@web\\x2d1.service/payload', 'container', 'web-1', 'nspawn'],
    ['/machine.slice/machine-web.scope', 'container', 'web', 'nspawn'],
    ['/machine.slice/machine-qemu\\x2d1\\x2dvm.scope', 'unit', 'machine-qemu-1-vm.scope', ''],
    [`/machine.slice/libpod-conmon-${ID}.scope`, 'unit', `libpod-conmon-${ID}.scope`, ''],
    [`/kubepods.slice/kubepods-pod${POD}.slice`, 'pod', UID, ''],
    ['/system.slice/nginx.service', 'unit', 'nginx.service', ''],
    ['/system.slice/system-getty.slice/getty@tty1.service', 'unit', 'getty@tty1.service', ''],
    ['/user.slice/user-1000.slice/session-3.scope', 'unit', 'session-3.scope', ''],
    ['/init.scope', 'unit', 'init.scope', ''],
    ['/system.slice', 'other', 'system.slice', ''],
    ['/', 'other', '/', ''],
    ['/docker', 'other', 'docker', ''],
  ])('%s', (path, kind, name, runtime) => {
    expect(describeCgroup(path)).toMatchObject({ kind, name, runtime });
  });
});

it('the cgroup2 tree is found where it is mounted', () => {
  const hybrid = 'cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n';
  expect(cgroupRoot(hybrid)).toBe('/sys/fs/cgroup/unified');
  expect(cgroupRoot('proc /proc proc rw 0 0\n')).toBeUndefined();
});

describe('files of a machine', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'skbtracer-cgroups-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (file: string, content: unknown) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const oci = 'run/containerd/io.containerd.runtime.v2.task';
  const storage = 'var/lib/containers/storage/overlay-containers';

  it.each([
    ['Docker', `var/lib/docker/containers/${ID}/config.v2.json`, { Name: '/web' }, 'web', ''],
    [
      'containerd of Kubernetes',
      `${oci}/k8s.io/${ID}/config.json`,
      {
        annotations: {
          'io.kubernetes.cri.container-name': 'nginx',
          'io.kubernetes.cri.sandbox-name': 'web-0',
          'io.kubernetes.cri.sandbox-namespace': 'shop',
        },
      },
      'nginx',
      'shop/web-0',
    ],
    [
      "a pod's sandbox",
      `${oci}/k8s.io/${ID}/config.json`,
      {
        annotations: {
          'io.kubernetes.cri.container-type': 'sandbox',
          'io.kubernetes.cri.sandbox-name': 'web-0',
        },
      },
      'pause',
      'default/web-0',
    ],
    ['nerdctl', `${oci}/default/${ID}/config.json`, { annotations: { 'nerdctl/name': 'db' } }, 'db', ''],
    ['Podman', `${storage}/containers.json`, [{ id: OTHER }, { id: ID, names: ['cache'] }], 'cache', ''],
  ])('%s keeps the name of a container', (_, file, content, name, podName) => {
    put(file, content);
    expect(containerNames(ID, root)).toEqual({ name, podName });
  });

  it.each(['', '[]', '{"Name": 7}', '{"annotations": []}'])('%j is no name', (content) => {
    put(`var/lib/docker/containers/${ID}/config.v2.json`, content);
    put(`${oci}/k8s.io/${ID}/config.json`, content);
    put(`${storage}/containers.json`, content);
    expect(containerNames(ID, root)).toBeUndefined();
  });

  it('names of a terminal’s control characters are made harmless', () => {
    put(`var/lib/docker/containers/${ID}/config.v2.json`, { Name: '/we\u001bb' });
    expect(containerNames(ID, root)?.name).toBe('we?b');
  });

  const group = (path: string) => mkdirSync(join(root, path), { recursive: true });
  const counted = (text: string) => writeFileSync(join(root, 'cgroup.stat'), text);

  it('every folder is found, with its inode as id', () => {
    group('system.slice/nginx.service');
    expect(findCgroups(root)).toEqual(
      ['', '/system.slice', '/system.slice/nginx.service'].map((path) => ({
        inode: statSync(join(root, path)).ino,
        path: path || '/',
      })),
    );
    expect(findCgroups(join(root, 'nowhere'))).toEqual([]);
  });

  it('the table is told again when groups came or went, and not otherwise', () => {
    const table = new CgroupTable({ root, nameOf: () => undefined });
    counted('nr_descendants 1');
    group('a.service');
    expect(table.refresh(true)).toBe(true);
    expect(table.refresh(true)).toBe(false);
    group('b.service');
    expect(table.refresh(false)).toBe(false); // the kernel counts as before
    counted('nr_descendants 2');
    expect(table.refresh(false)).toBe(true);
    rmSync(join(root, 'a.service'), { recursive: true });
    expect(table.refresh(true)).toBe(true);
    expect(table.cgroups.map(({ name }) => name)).toEqual(['b.service', '/']);
    for (const one of table.cgroups) expect(parse(cgroupInfoSchema, one)).toEqual(one);
  });

  it('whatever a group is called, what is told of it can be sent', () => {
    const names = [
      'a'.repeat(200),
      'b'.repeat(200),
      `lxc.payload.${'c'.repeat(200)}`,
      'd\u001b[31m \\x0a.service',
    ];
    group(names.join('/'));
    const table = new CgroupTable({ root, nameOf: () => undefined });
    table.refresh(true);
    expect(table.cgroups).toHaveLength(5);
    for (const one of table.cgroups) {
      expect(parse(cgroupInfoSchema, one)).toEqual(one);
      expect(`${one.path}${one.name}`).toMatch(/^[\x20-\x7e]+$/);
    }
  });

  it('a container without a name is asked for again, one with a name is not', () => {
    const asked: string[] = [];
    let known: { name: string; podName: string } | undefined;
    const table = new CgroupTable({
      root,
      nameOf: (container) => {
        asked.push(container);
        return known;
      },
    });
    group(`docker/${ID}`);
    table.refresh(true);
    expect(table.cgroups[0]).toMatchObject({ kind: 'container', name: ID.slice(0, 12), container: ID });
    known = { name: 'web', podName: '' };
    expect(table.refresh(true)).toBe(true);
    expect(table.cgroups[0]).toMatchObject({ name: 'web' });
    table.refresh(true);
    expect(asked).toEqual([ID, ID]);
  });

  it('too many groups are told as far as they go, containers first', () => {
    for (const name of ['a.service', 'b.slice', `docker/${ID}`]) group(name);
    const table = new CgroupTable({ root, nameOf: () => undefined, max: 2 });
    table.refresh(true);
    expect(table.cgroups.map(({ kind }) => kind)).toEqual(['container', 'unit']);
  });

  it('without a cgroup2 tree there is nothing to tell', () => {
    expect(new CgroupTable({ root: join(root, 'nowhere') }).refresh(true)).toBe(false);
  });
});
