/** The lab keeps its promises: streams, exit status, isolation, clean ends. Each test boots a VM: 4 s and up. */
import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LAB, lab, machinesFor, startLab } from './run-lab.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['6.12', '6.1'])('on kernel %s', (kernel) => {
  test('a command runs as root with its words as given, and its status comes back', async () => {
    const words = ['', ' two  words ', `'"$HOME\`\\`, 'ä\nnew line', '*', '--', '-x'];
    const script = 'printf "%s|" "$(id -u)" "$(uname -r | cut -d. -f1,2)" "$@"; echo to stderr >&2; exit 42';
    const { status, stdout, stderr } = await lab([
      '--kernel',
      kernel,
      '--',
      'sh',
      '-c',
      script,
      'sh',
      ...words,
    ]);
    expect(stdout.toString()).toBe(`0|${kernel}|${words.map((word) => `${word}|`).join('')}`);
    expect(stderr).toBe('to stderr\n');
    expect(status).toBe(42);
  });

  test('the kernel can trace: BTF, tracefs, bpf, cgroup2 and modules are there', async () => {
    const script = `set -e
      test -r /sys/kernel/btf/vmlinux
      grep -qm1 ip_rcv /sys/kernel/tracing/available_filter_functions
      modprobe vxlan
      test -r /sys/kernel/btf/vxlan
      awk '$2 == "/sys/fs/bpf" || $2 == "/sys/fs/cgroup" || $2 == "/sys/kernel/security" { print $3 }' /proc/mounts | sort | xargs`;
    const { stdout, stderr, status } = await lab(['--kernel', kernel, '--', 'sh', '-c', script]);
    expect({ stdout: stdout.toString(), stderr, status }).toEqual({
      stdout: 'bpf cgroup2 securityfs\n',
      stderr: '',
      status: 0,
    });
  });
});

test('8 MiB of any bytes go in and come out unchanged, and the command reads the end of its input', async () => {
  const bytes = randomBytes(8 << 20);
  const { status, stdout, stderr } = await lab(['--', 'cat'], bytes);
  expect({ status, stderr, length: stdout.length }).toEqual({ status: 0, stderr: '', length: bytes.length });
  expect(stdout.equals(bytes)).toBe(true);
});

test('a command that a signal ends has status 128 + n, and one that does not exist 127', async () => {
  const killed = await lab(['--', 'sh', '-c', 'kill -TERM $$']);
  expect(killed.status).toBe(128 + 15);
  const absent = await lab(['--', 'no-such-command']);
  expect(absent.status).toBe(127);
  expect(absent.stderr).toContain('no-such-command');
});

test('without a command, stdin is a script', async () => {
  const { status, stdout } = await lab([], Buffer.from('hostname\nexit 3\n'));
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 3, stdout: 'lab\n' });
});

test('without a command, on a terminal, there is a shell of its size, whose end is the lab’s', async () => {
  const child = spawn('script', [
    '-qec',
    `stty rows 33 cols 111; exec ${process.execPath} ${LAB}`,
    '/dev/null',
  ]);
  let seen = '';
  child.stdout.on('data', (bytes: Buffer) => {
    seen += bytes.toString();
  });
  await vi.waitFor(() => expect(seen).toContain('# '), { timeout: 100_000, interval: 20 });
  child.stdin.write('stty size; exit 9\n');
  const [status] = await once(child, 'close');
  expect(status).toBe(9);
  expect(seen).toMatch(/^33 111\r?$/m);
});

test('what the command leaves running with its streams keeps nothing waiting', async () => {
  const { status, stdout } = await lab(['--', 'sh', '-c', 'sleep 1000 & echo started']);
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: 'started\n' });
});

test('what takes too long ends with 124, and the VM with it', async () => {
  const keep = join(folder, 'keep');
  // the first --timeout is the tests' own: the last one counts
  const { status, stderr } = await lab(['--timeout', '2', '--keep', keep, '--', 'sleep', '1000']);
  expect(status).toBe(124);
  expect(stderr).toContain('after 2 s');
  expect(machinesFor(keep)).toEqual([]);
});

test('a VM that dies has status 125 and shows its console', async () => {
  const { status, stderr } = await lab(['--keep', folder, '--', 'sh', '-c', 'echo c > /proc/sysrq-trigger']);
  expect(status).toBe(125);
  expect(stderr).toContain(join(folder, 'console'));
  expect(stderr).toContain('</TASK>');
  expect(readFileSync(join(folder, 'console'), 'utf8')).toContain('sysrq: Trigger a crash');
});

test('the command writes to the folder of --keep and to its own copy of the root, never to the host', async () => {
  const place = join(folder, 'place');
  mkdirSync(place);
  const victim = join(place, 'victim');
  writeFileSync(victim, 'as it was');
  const keep = join(folder, 'kept, with a comma');
  const script = `set -e
    echo changed > '${victim}'
    echo new > '${place}/new'
    cat '${victim}' '${place}/new'
    echo result > "$SKBTRACER_LAB_DIR/result"`;
  const { status, stdout, stderr } = await lab(['--keep', keep, '--', 'sh', '-c', script]);
  expect({ status, stdout: stdout.toString(), stderr }).toEqual({
    status: 0,
    stdout: 'changed\nnew\n',
    stderr: '',
  });
  expect(readFileSync(join(keep, 'result'), 'utf8')).toBe('result\n');
  expect(readFileSync(victim, 'utf8')).toBe('as it was');
  expect(readdirSync(place)).toEqual(['victim']);
});

test('nothing reaches out of the VM: not the host, not beyond', async () => {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.destroy();
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // 10.0.2.2 is the host in QEMU's user networking, 10.0.2.3 its name server
  const script = `ip route add default via 10.0.2.2
    for to in 10.0.2.2/${port} 10.0.2.2/22 10.0.2.3/53 1.1.1.1/53; do
      timeout 3 bash -c "exec 3<> /dev/tcp/$to" 2> /dev/null && echo "$to answers"
    done; true`;
  const { status, stdout } = await lab(['--', 'bash', '-c', script]);
  server.close();
  expect({ status, stdout: stdout.toString(), visits }).toEqual({ status: 0, stdout: '', visits: 0 });
});

test('of the environment, the command gets what it needs and no secrets', async () => {
  const env = { ...process.env, SECRET_TOKEN: 'x', SKBTRACER_TEST: "it's", NO_COLOR: '1' };
  const { stdout } = await lab(['--', 'env'], undefined, { env });
  const names = stdout.toString().split('\n');
  expect(names).toContain("SKBTRACER_TEST=it's");
  expect(names).toContain('NO_COLOR=1');
  expect(names).toContain('HOME=/root');
  expect(names.filter((line) => /^(SECRET|MARK|PATH=.*pyenv)/.test(line))).toEqual([]);
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'when %s ends the launcher the VM is gone, and no file is left',
  async (signal) => {
    const env = { ...process.env, TMPDIR: folder };
    const keep = join(folder, 'keep');
    const child = startLab(['--keep', keep, '--', 'sh', '-c', 'echo runs; sleep 1000'], { env });
    await once(child.stdout, 'data');
    expect(machinesFor(keep)).toHaveLength(1);
    child.kill(signal);
    await once(child, 'close');
    await vi.waitFor(() => expect(machinesFor(keep)).toEqual([]), { timeout: 5000, interval: 20 });
    expect(readdirSync(folder)).toEqual(['keep']);
  },
);

test('a reader that goes away ends the run as SIGPIPE would', async () => {
  const child = startLab(['--', 'yes']);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [status] = await once(child, 'exit');
  expect(status).toBe(128 + 13);
});

test.runIf(process.getuid?.() === 0)(
  'an unprivileged user runs it with the cache that root made',
  async () => {
    const nobody: SpawnOptionsWithoutStdio = {
      uid: 65534,
      gid: 65534,
      cwd: '/',
      env: { ...process.env, HOME: '/nonexistent' },
    };
    const { status, stdout, stderr } = await lab(
      ['--', 'sh', '-c', 'id -u; ls /sys/fs/bpf | wc -l'],
      undefined,
      nobody,
    );
    expect({ status, stdout: stdout.toString(), stderr }).toEqual({
      status: 0,
      stdout: '0\n0\n',
      stderr: '',
    });
  },
);
