/** What an agent tells of how the namespaces are wired: the sample network exactly, and a change when it happens. */
import type { Link, Topology, WiredNamespace } from '../../../core/messages/topology.ts';
import { hostCommand, spawnAgent } from '../../../server/sources/local.ts';
import { check, equal } from '../check.ts';
import { ip, netnsOf, withNamespaces } from '../network.ts';
import type { Scenario } from '../scenario.ts';

const SAMPLE = ['host', 'web', 'db', 'outside', 'east', 'west'];
/** Devices that the kernel puts into every namespace when a tunnel's module is loaded. */
const FALLBACK = /^(gre|gretap|erspan|tunl|sit|ip6tnl|ip6gre|ip_vti|ip6_vti)0$/;
const WAIT_MS = 60_000;

/** Starts an agent, waits for what it tells until it is as wanted, and ends it. */
async function watch(
  use: (until: (fits: (topology: Topology) => boolean) => Promise<Topology>) => Promise<void>,
) {
  let latest: Topology | undefined;
  let wake: () => void = () => undefined;
  const source = spawnAgent(hostCommand(), {
    message: (message) => {
      if (message.type !== 'topology') return;
      latest = message.topology;
      wake();
    },
    batch: () => undefined,
    gone: () => undefined,
  });
  const deadline = performance.now() + WAIT_MS;
  try {
    await use(async (fits) => {
      while (latest === undefined || !fits(latest)) {
        check(performance.now() < deadline, 'the agent tells this topology within a minute', latest);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 1000);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return latest;
    });
  } finally {
    await source.close();
  }
}

const placeIn = ({ namespaces }: Topology, name: string): WiredNamespace | undefined =>
  namespaces.find((one) => one.name === name);

/** An interface as a person would draw it: what it is, where it is plugged in, its addresses that are chosen. */
function drawn(topology: Topology, { inode }: WiredNamespace, link: Link): string {
  const { name, kind, master, far, addresses, isUp, hasCarrier } = link;
  const place = topology.namespaces.find((one) => one.inode === far?.netns);
  const end = place?.links.find(({ ifindex }) => ifindex === far?.ifindex)?.name;
  return [
    `${kind} ${name}${isUp && hasCarrier ? '' : ' down'}`,
    ...(master === '' ? [] : [`in ${master}`]),
    ...(far === undefined ? [] : [`to ${far.netns === inode ? '' : `${place?.name ?? '?'}/`}${end ?? '?'}`]),
    ...addresses.filter((one) => !one.startsWith('fe80:')),
  ].join(' ');
}

const hasCarrier = ({ namespaces }: Topology, device: string): boolean =>
  namespaces.some(
    ({ name, links }) =>
      name.startsWith('wiring') && links.some((link) => link.name === device && link.hasCarrier),
  );

const drawing = (topology: Topology, name: string): string[] => {
  const place = placeIn(topology, name);
  return (place?.links ?? [])
    .filter((link) => !FALLBACK.test(link.name) && place !== undefined)
    .map((link) => (place === undefined ? '' : drawn(topology, place, link)))
    .sort();
};

export const wiring: readonly Scenario[] = [
  {
    name: 'the topology that the agent tells is the sample network, and follows a change of it',
    async run() {
      await watch(async (until) => {
        const sample = await until((one) =>
          SAMPLE.every((name) => (placeIn(one, name)?.links.length ?? 0) > 1),
        );
        equal(drawing(sample, 'web'), ['loopback lo 127.0.0.1/8 ::1/128', 'veth eth0 to host/vweb 10.1.0.2/24 fd00:1::2/64'], 'web'); // biome-ignore format: long
        equal(drawing(sample, 'db'), ['loopback lo 127.0.0.1/8 ::1/128', 'veth eth0 to host/vdb 10.1.0.3/24 fd00:1::3/64'], 'db'); // biome-ignore format: long
        equal(drawing(sample, 'outside'), ['loopback lo 127.0.0.1/8 ::1/128', 'veth eth0 to host/vout 192.0.2.2/24'], 'outside'); // biome-ignore format: long
        equal(drawing(sample, 'east'), ['loopback lo 127.0.0.1/8 ::1/128', 'veth eth0 to host/veast 10.2.0.2/24'], 'east'); // biome-ignore format: long
        equal(drawing(sample, 'west'), ['loopback lo 127.0.0.1/8 ::1/128', 'veth eth0 to host/vwest 10.2.0.3/24'], 'west'); // biome-ignore format: long
        const host = drawing(sample, 'host').filter((line) => !/ (lo|eth0|eth0 down)( |$)/.test(line));
        equal(
          host,
          [
            'bridge br0 10.1.0.1/24 fd00:1::1/64',
            'bridge br1 10.2.0.1/24',
            'veth vdb in br0 to db/eth0',
            'veth veast in br1 to east/eth0',
            'veth vout to outside/eth0 192.0.2.1/24',
            'veth vweb in br0 to web/eth0',
            'veth vwest in br1 to west/eth0',
          ],
          'host',
        );
        equal(placeIn(sample, 'web')?.defaultRoutes, ['via 10.1.0.1 dev eth0'], 'default route of web');
        equal(placeIn(sample, 'web')?.inode, netnsOf('web'), 'inode of web');
        equal(sample.namespaces.map(({ problem }) => problem).filter(Boolean), [], 'problems');

        await withNamespaces(['wiring1', 'wiring2'], async () => {
          ip(
            'wiring1',
            'link add bnd type bond mode active-backup',
            'link add p0 type veth peer name e0 netns wiring2',
            'link set p0 master bnd',
            'link set bnd up',
            'link add link bnd name bnd.42 type vlan id 42',
            'link add vx7 type vxlan id 7 remote 192.0.2.9 dstport 4789 dev bnd',
          );
          ip('wiring2', 'addr add 198.51.100.1/24 dev e0', 'link set e0 up');
          const wired = await until(
            (one) =>
              placeIn(one, 'wiring1')?.links.some(({ name }) => name === 'vx7') === true &&
              // the kernel tells both ends, and the bond on one of them, each by itself and later
              ['p0', 'bnd', 'e0'].every((end) => hasCarrier(one, end)),
          );
          equal(
            drawing(wired, 'wiring1'),
            ['bond bnd', 'loopback lo down', 'veth p0 in bnd to wiring2/e0', 'vlan bnd.42 down to bnd', 'vxlan vx7 down to bnd'],
            'wiring1',
          ); // biome-ignore format: long
          const [vlan, vxlan] = ['bnd.42', 'vx7'].map((name) =>
            placeIn(wired, 'wiring1')?.links.find((link) => link.name === name),
          );
          equal([vlan?.tag, vxlan?.tag, vxlan?.remote], ['42', '7', '192.0.2.9'], 'tags');
          equal(
            drawing(wired, 'wiring2'),
            ['loopback lo down', 'veth e0 to wiring1/p0 198.51.100.1/24'],
            'wiring2',
          );
          // who looks at a namespace does not keep it: its devices go with it, and the far ends of these
          ip('', 'netns del wiring1');
          const cut = await until(
            (one) => placeIn(one, 'wiring2')?.links.some(({ name }) => name === 'e0') === false,
          );
          equal(placeIn(cut, 'wiring1'), undefined, 'wiring1, deleted');
        });
        await until((one) => placeIn(one, 'wiring1') === undefined);
      });
    },
  },
];
