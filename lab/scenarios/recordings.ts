/** What is recorded can be printed again as it was, also when whoever recorded it was killed. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { check, equal } from './check.ts';
import { inFolder, ours, withDroppedPort } from './commands.ts';
import { shell } from './network.ts';
import { CLI } from './place.ts';
import type { Scenario } from './scenario.ts';
import { type Line, trace } from './trace.ts';

const TRAFFIC = ['exec 2> /dev/null', 'ping -q -c3 -i0.2 -W5 10.1.0.3', 'echo x > /dev/udp/10.1.0.3/9998'];
/** One that a rule drops, so that the host is asked which. */
const DROPPED = 'echo x > /dev/udp/10.1.0.3/9999';
const FILTER = '(icmp or udp) and host 10.1.0.3';

const fileIn = (folder: string) => join(folder, 'a.skbt');

const isDiagnosis = (text: string) => (JSON.parse(text) as Line).kind === 'diagnosis';
/** In the order of packets: an explanation is printed when the host has answered. */
const diagnoses = (lines: readonly string[]) => lines.filter(isDiagnosis).sort();
const events = (lines: readonly string[]) => lines.filter((line) => !isDiagnosis(line));

const sameAgain: Scenario = {
  name: 'a recording is printed as its packets were: every event, every stack, every diagnosis, byte for byte',
  run: () =>
    inFolder(async (folder) => {
      const file = fileIn(folder);
      const recorded = await withDroppedPort(() =>
        trace({
          command: 'record',
          classic: true,
          args: ['--json', '-o', file, '--route', '--why', '--callstack', FILTER],
          traffic: () => {
            shell('web', ...TRAFFIC, DROPPED);
          },
        }),
      );
      equal(recorded.exitCode, 0, 'exit status of record');
      const { text } = recorded;
      check(events(text).length > 50, 'events were printed', text.length);
      const replayed = ours('replay', file, '--json', '--route', '--why', '--callstack');
      equal(replayed.status, 0, `exit status of replay: ${replayed.stderr}`);
      equal(events(replayed.lines).length, events(text).length, 'events');
      for (const [i, line] of events(text).entries()) equal(events(replayed.lines)[i], line, `event ${i}`);
      equal(diagnoses(replayed.lines).length, diagnoses(text).length, 'diagnoses');
      for (const [i, line] of diagnoses(text).entries())
        equal(diagnoses(replayed.lines)[i], line, `diagnosis ${i}`);
      const dropped = diagnoses(text).find((line) => line.includes('NETFILTER_DROP')) ?? '';
      check(dropped.includes('udp dport 9999'), 'the rule, as the host had it then', dropped);
      const summary = /([\d,]+ events, 0 lost, \d+ packets)/;
      equal(
        summary.exec(replayed.stderr)?.[1],
        summary.exec(recorded.stderr)?.[1],
        'what the summaries count',
      );
      const drops = ours('replay', file, '--dropstack');
      check(/kfree_skb\(NETFILTER_DROP\)/.test(drops.stdout), 'drops alone', drops.stdout);
      check(/^ {4}nf_hook_slow\+0x/m.test(drops.stdout), 'with their stacks', drops.stdout);
      equal(ours('replay', file, '--cb').status, 1, 'exit status where something was not recorded');
    }),
};

const killed: Scenario = {
  name: 'a recorder that is killed leaves all but its last second',
  run: () =>
    inFolder(async (folder) => {
      const file = fileIn(folder);
      const { text } = await trace({
        command: 'record',
        classic: true,
        args: ['--json', '-o', file, '--route', FILTER],
        stop: 'SIGKILL',
        traffic: async () => {
          shell('web', ...TRAFFIC);
          const before = statSync(file).size;
          // what was recorded until now is on the disk once what comes after it is
          while (statSync(file).size <= before) shell('web', 'ping -q -c1 -W5 10.1.0.3');
        },
      });
      const { lines, stderr, status } = ours('replay', file, '--json', '--route');
      equal(status, 0, `exit status of replay: ${stderr}`);
      check(
        stderr.includes('was not closed') || stderr.includes('was cut off'),
        'that its end is missing',
        stderr,
      );
      check(lines.length > 20, 'events are in it', lines.length);
      // the printer may have been killed before a line that is recorded already
      const both = Math.min(lines.length, text.length);
      for (let i = 0; i < both - 1; i += 1) equal(lines[i], text[i], `event ${i}`);
    }),
};

const piped: Scenario = {
  name: 'a recording goes through a pipe, as over ssh, for as long as it was asked to',
  run: async () => {
    const script = [
      `'${CLI}' record -o - --duration 2s --ready-file "$1" '${FILTER}' 2> "$2" | '${CLI}' replay --json - &`,
      'until [ -e "$1" ]; do sleep 0.1; done',
      'ip netns exec web ping -q -c3 -i0.2 -W5 10.1.0.3 > /dev/null',
      'wait',
    ].join('\n');
    await inFolder(async (folder) => {
      const [ready, errors] = [join(folder, 'ready'), join(folder, 'errors')];
      const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', ready, errors], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      equal(status, 0, `exit status: ${stderr}`);
      const lines = stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line);
      check(lines.filter(({ kind }) => kind === 'hop').length > 20, 'hops came through', lines.length);
    });
  },
};

const frozen: Scenario = {
  name: 'a flight recorder keeps what led to a drop, and ends by itself; by hand it keeps what there is',
  run: () =>
    inFolder(async (folder) => {
      const record = (freeze: string, file: string) =>
        `'${CLI}' record -o '${file}' --freeze ${freeze} --last 30s --after 500ms --ready-file "$1" '${FILTER}' 2> "$2" & recorder=$!`;
      const begun = 'until [ -e "$1" ]; do sleep 0.1; done';
      const ping = 'ip netns exec web ping -q -c3 -i0.2 -W5 10.1.0.3 > /dev/null';
      const runScript = (name: string, ...lines: readonly string[]) => {
        const [ready, errors] = [join(folder, `${name}.ready`), join(folder, `${name}.errors`)];
        const script = [...lines, 'wait $recorder; status=$?', 'cat "$2" >&2', 'exit $status'].join('\n');
        return spawnSync('bash', ['-c', script, 'bash', ready, errors], { encoding: 'utf8' });
      };

      const dropped = fileIn(folder);
      const first = await withDroppedPort(async () =>
        runScript(
          'dropped',
          record('drop:NETFILTER_DROP', dropped),
          begun,
          ping,
          `ip netns exec web bash -c '${DROPPED}'`,
        ),
      );
      equal(first.status, 0, `exit status of record: ${first.stderr}`);
      const told = /packet (\d+): dropped NETFILTER_DROP/.exec(first.stderr);
      check(told !== null, 'which packet it was', first.stderr);
      const { lines, status, stderr } = ours('replay', dropped, '--json');
      equal(status, 0, `exit status of replay: ${stderr}`);
      const events = lines.map((line) => JSON.parse(line) as Line & { packet: number; reason?: string });
      const drop = events.find(({ kind, reason }) => kind === 'drop' && reason === 'NETFILTER_DROP');
      equal(drop?.packet, Number(told?.[1]), 'the packet that was dropped');
      const pings = new Set(
        events.filter(({ packet }) => packet !== drop?.packet).map(({ packet }) => packet),
      );
      check(pings.size >= 6, 'and what was before it', pings.size);

      const byHand = join(folder, 'hand.skbt');
      const second = runScript('hand', record('hand', byHand), begun, ping, 'kill -USR1 $recorder');
      equal(second.status, 0, `exit status of record: ${second.stderr}`);
      check(second.stderr.includes('kept by hand'), 'that it was kept by hand', second.stderr);
      check(ours('replay', byHand, '--json').lines.length > 100, 'what there was', second.stderr);

      const none = join(folder, 'none.skbt');
      const third = runScript(
        'none',
        record('drop:TCP_ZEROWINDOW', none),
        begun,
        ping,
        'kill -INT $recorder',
      );
      equal(third.status, 0, `exit status of record: ${third.stderr}`);
      check(third.stderr.includes('no file is left'), 'that nothing happened', third.stderr);
      equal(readdirSync(folder).includes('none.skbt'), false, 'a file where nothing happened');
    }),
};

const nothingLeft: Scenario = {
  name: 'a recording that cannot begin leaves no file, and one that is there is not written over',
  run: () =>
    inFolder(async (folder) => {
      const file = fileIn(folder);
      const wrong = ours('record', '-o', file, 'udp port zebra');
      equal(wrong.status, 2, `exit status: ${wrong.stderr}`);
      equal(readdirSync(folder), [], 'files');
      equal(ours('record', '-o', file, '--duration', '100ms', FILTER).status, 0, 'exit status');
      const { size } = statSync(file);
      const again = ours('record', '-o', file, FILTER);
      equal(again.status, 1, `exit status: ${again.stderr}`);
      check(again.stderr.includes('there is such a file'), 'why', again.stderr);
      equal(statSync(file).size, size, 'bytes');
    }),
};

export const recordings: readonly Scenario[] = [sameAgain, killed, piped, frozen, nothingLeft];
