/** `skbtracer expect` says of real packets whether they went as expected: eight expectations that hold, eight that do not. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, equal } from './check.ts';
import { inFolder, ours, withDroppedPort } from './commands.ts';
import type { Scenario } from './scenario.ts';

const FILTER = '(icmp or udp) and host 10.1.0.3';
const PING = 'icmp and icmp.type == 8 and ns.first == web';
const DATAGRAM = 'udp and dport == 9999';
const WAY = '[web, web/eth0, host/br0, FORWARD, db/eth0, ip_rcv]';

/** Two echo requests that are answered, a datagram that a rule of ours drops. */
const COMMAND = [
  'ip', 'netns', 'exec', 'web', 'bash', '-c', 'ping -q -c2 -i0.2 -W5 10.1.0.3; echo x > /dev/udp/10.1.0.3/9999',
]; // biome-ignore format: a command line

const MET = `
expect:
  - {name: two requests, packets: '${PING}', count: 2}
  - {name: both reach db, packets: '${PING}', reaches: db, verdict: delivered}
  - {name: by the bridge and its firewall, packets: '${PING}', passes: ${WAY}}
  - {name: in time, packets: '${PING}', within: 5s}
  - {name: none is dropped, packets: '${PING}', never: dropped}
  - {name: both are answered, packets: 'icmp and icmp.type == 0 and ns.first == db', from: db, reaches: web, count: 2}
  - {name: the datagram dies by the rule, packets: '${DATAGRAM}', always: 'reason == NETFILTER_DROP', verdict: dropped, count: 1}
  - {name: nothing for port 53, packets: 'udp and dport == 53', count: 0}
`;
const NOT_MET = `
expect:
  - {name: three requests, packets: '${PING}', count: 3}
  - {name: they leave the host, packets: '${PING}', reaches: outside}
  - {name: another way, packets: '${PING}', passes: [web, outside]}
  - {name: in no time, packets: '${PING}', within: 1ns}
  - {name: none is delivered, packets: '${PING}', never: delivered}
  - {name: from db, packets: '${PING}', from: db}
  - {name: the datagram arrives, packets: '${DATAGRAM}', verdict: delivered}
  - {name: something for port 53, packets: 'udp and dport == 53'}
`;

const asExpected: Scenario = {
  name: 'expectations of packets are met and not met as they should be, live and in a recording',
  run: () =>
    inFolder(async (folder) => {
      const [met, not, report, recording] = ['met.yaml', 'not.yaml', 'report.xml', 'a.skbt'].map((name) =>
        join(folder, name),
      ) as [string, string, string, string];
      writeFileSync(met, MET);
      writeFileSync(not, NOT_MET);
      await withDroppedPort(async () => {
        const good = ours('expect', met, '--junit', report, FILTER, '--', ...COMMAND);
        equal(good.status, 0, `exit status: ${good.stdout} ${good.stderr}`);
        check(good.stdout.includes('8 of 8 expectations are met'), 'all are met', good.stdout);
        check(
          good.stderr.includes('2 packets transmitted'),
          "the command's words are told beside",
          good.stderr,
        );
        check(
          /tests="8" failures="0"/.test(readFileSync(report, 'utf8')),
          'the report for CI',
          readFileSync(report, 'utf8'),
        );

        const bad = ours('expect', not, '--tap', FILTER, '--', ...COMMAND);
        equal(bad.status, 1, `exit status: ${bad.stdout} ${bad.stderr}`);
        equal(bad.stdout.match(/^not ok /gm)?.length, 8, bad.stdout);
        check(bad.stdout.includes('it was dropped, not delivered'), 'why', bad.stdout);

        const failing = ours(
          'expect',
          met,
          FILTER,
          '--',
          'bash',
          '-c',
          `${COMMAND.map((word) => `'${word}'`).join(' ')}; exit 3`,
        );
        equal(failing.status, 1, 'exit status where the command fails');
        check(failing.stderr.includes('the command ended with status 3'), 'that it failed', failing.stderr);

        const recorded = ours('record', '-o', recording, '--duration', '1s', FILTER);
        equal(recorded.status, 0, recorded.stderr);
        equal(ours('expect', not, '--recording', recording).status, 1, 'exit status with an empty recording');
      });
    }),
};

const wrong: Scenario = {
  name: 'an expectation that cannot be understood is told before anything is started',
  run: () =>
    inFolder(async (folder) => {
      const file = join(folder, 'paths.yaml');
      for (const [text, problem] of [
        ['expect: [{name: a, packets: "dport =="}]', "'a': packets:"],
        ['expect: [{name: a, packets: udp, wihtin: 5ms}]', 'wihtin'],
        ['expect: [', 'paths.yaml'],
      ] as const) {
        writeFileSync(file, text);
        const { status, stderr } = ours('expect', file, '--', 'touch', join(folder, 'ran'));
        equal(status, 2, `exit status: ${stderr}`);
        check(stderr.includes(problem), `what is wrong: ${problem}`, stderr);
      }
      equal(readdirSync(folder), ['paths.yaml'], 'what is there');
    }),
};

export const expecting: readonly Scenario[] = [asExpected, wrong];
