/** Two captures on the same functions: that the other one attaches its probes, and has them taken away, is seen by none. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { check, equal } from './check.ts';
import { holders } from './holders.ts';
import { Running, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { trace as command, type Packet } from './trace.ts';

const [CLIENT, SERVER] = ['b-client', 'b-server'];
const NET = 45;
const PORT = 7601;
/** A second of them each time. */
const ROUND = 20;

/** Rounds for whatever the other capture does. */
const ROUNDS_MAX = 300;

/** Not at once: what arrives is read meanwhile. */
const send = async (): Promise<void> => {
  const words = [
    'netns',
    'exec',
    CLIENT,
    tool('udpblast'),
    'send',
    `10.${NET}.0.2`,
    ...[PORT, ROUND, ROUND].map(String),
  ];
  await promisify(execFile)('ip', words);
};

const functionsOf = ({ hops }: Packet): ReadonlySet<string> => new Set(hops.map(({ func }) => func ?? ''));

/** Those that every one of them was at. */
function passedByAll(packets: readonly Packet[]): readonly string[] {
  const [first = new Set<string>(), ...others] = packets.map(functionsOf);
  return [...first].filter((name) => others.every((one) => one.has(name)));
}

async function comesAndGoes(): Promise<void> {
  await withNamespaces([CLIENT, SERVER], async () => {
    wire({ netns: CLIENT, device: 'bc', host: 1 }, { netns: SERVER, device: 'bs', host: 2 }, { net: NET });
    await Running.start(SERVER, tool('udpblast'), 'serve', `udp:${PORT}`);
    await send(); // neighbours know each other
    let sent = 0;
    const { packets } = await trace({
      args: ['--keep', '--group', 'all', `udp and dst host 10.${NET}.0.2 and port ${PORT}`],
      async traffic() {
        const rounds = async (goesOn: () => boolean, what: string): Promise<void> => {
          // as one process hands over to another there may be neither for a moment
          let still = 0;
          for (let i = 0; i < ROUNDS_MAX && still < 2; i += 1) {
            await send();
            sent += ROUND;
            still = goesOn() ? 0 : still + 1;
          }
          check(still === 2, what);
        };
        const own = new Set(holders());
        await rounds(() => false, 'the first ones');
        let isOver = false;
        const other = command({ args: ['--group', 'all', 'udp port 9'], traffic: () => undefined }).finally(
          () => {
            isOver = true;
          },
        );
        await rounds(() => !isOver, 'the other capture starts and stops');
        await other;
        await rounds(() => holders().some((pid) => !own.has(pid)), "the other capture's probes are detached");
      },
    });
    const all = [...packets.values()].filter(({ parent }) => parent === 0);
    equal(all.length, sent, 'datagrams, each of them one packet');
    const always = passedByAll(all.slice(0, ROUND));
    check(always.length > 40, 'functions that all of the first ones passed', always);
    const lacking = all.flatMap((packet) => {
      const functions = functionsOf(packet);
      const missing = always.filter((name) => !functions.has(name));
      return missing.length === 0 ? [] : [{ packet: packet.id, at: packet.hops[0]?.time_ns, missing }];
    });
    equal(lacking, [], 'what later ones were not seen at');
  });
}

export const beside: readonly Scenario[] = [
  { name: "nothing is missing while another capture's probes come and go", run: comesAndGoes },
];
