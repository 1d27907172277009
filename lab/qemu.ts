/** QEMU's command line for one run. */
import { join } from 'node:path';
import type { Kernel } from './kernels.ts';
import type { LabOptions } from './options.ts';

/** The command's streams, each on a port of its own; a shell has one terminal instead. */
export const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

const BOOT_PARAMETERS = [
  ['console=ttyS0', 'quiet', 'panic=-1', 'mitigations=off', 'nokaslr', 'random.trust_cpu=on'],
  ['cryptomgr.notests', '8250.nr_uarts=1', 'tsc=reliable', 'no_timer_check', 'net.ifnames=0'],
  ['audit=0', 'apparmor=0', 'selinux=0'],
].flat();

/** As one line; systemd reads there what it is to start. */
const bootParameters = ({ systemd }: LabOptions): string =>
  [...BOOT_PARAMETERS, ...(systemd ? ['systemd.unit=lab.service', 'systemd.firstboot=off'] : [])].join(' ');

export interface Machine {
  readonly kernel: Kernel;
  readonly options: LabOptions;
  /** Holds the run's `initrd` and the sockets that QEMU connects to; its `console` is written there. */
  readonly folder: string;
  readonly hasTerminal: boolean;
}

/** Arguments of qemu-system-x86_64. Software emulation: the machines that this is for have no KVM. */
export function qemuArguments({ kernel, options, folder, hasTerminal }: Machine): string[] {
  const socket = (name: string) => ['-chardev', `socket,id=${name},path=${escaped(join(folder, name))}`];
  const device = (text: string) => ['-device', text];
  const port = (name: string) => [
    ...socket(name),
    ...device(`virtserialport,chardev=${name},name=lab.${name}`),
  ];
  const share = (id: string, tag: string, path: string, access: string) => [
    '-fsdev',
    `local,id=${id},path=${escaped(path)},security_model=none,multidevs=remap${access}`,
    ...device(`virtio-9p-pci,fsdev=${id},mount_tag=${tag}`),
  ];
  const forwards = options.forwards.map(({ host, guest }) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`);
  return [
    ...['-name', 'skbtracer-lab', '-machine', 'pc', '-cpu', 'max'],
    // thread=multi breaks live patching of kernel text, which is what attaching a probe does
    ...['-accel', 'tcg,thread=single,tb-size=512'],
    ...(options.counted ? ['-icount', 'shift=0,sleep=off'] : []),
    ...['-smp', String(options.cpus), '-m', String(options.memoryMb)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', kernel.vmlinux, '-initrd', join(folder, 'initrd'), '-append', bootParameters(options)],
    ...['-serial', `file:${escaped(join(folder, 'console'))}`],
    ...device('virtio-serial-pci'),
    ...(hasTerminal ? [...socket('tty'), ...device('virtconsole,chardev=tty')] : STREAMS.flatMap(port)),
    ...port('status'),
    ...share('root', 'hostroot', options.root, ',readonly=on'),
    ...share(
      'modules',
      'modules',
      join(kernel.modulesRoot, 'lib', 'modules', kernel.version),
      ',readonly=on',
    ),
    ...(options.keep === undefined ? [] : share('exchange', 'exchange', options.keep, '')),
    // restricted: nothing leaves the VM; only forwarded ports come in
    ...['-netdev', `user,id=net,restrict=on${forwards.join('')}`],
    ...device('virtio-net-pci,netdev=net,romfile='),
  ];
}

/** In QEMU's option lists a comma is written twice. */
const escaped = (path: string): string => path.replaceAll(',', ',,');
