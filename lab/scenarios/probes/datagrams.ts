/** Datagrams that go on: from one namespace to a reader in another. */
import { address, Running, tool, wire, withNamespaces } from '../network.ts';

export interface Datagrams {
  readonly client: string;
  readonly server: string;
  readonly net: number;
  readonly port: number;
  readonly perSecond: number;
}

export const withDatagrams = (
  { client, server, net, port, perSecond }: Datagrams,
  use: () => Promise<void>,
) =>
  withNamespaces([client, server], async () => {
    wire({ netns: client, device: 'c', host: 1 }, { netns: server, device: 's', host: 2 }, { net });
    await Running.start(server, tool('udpblast'), 'serve', `udp:${port}`);
    await Running.start(client, 'bash', '-c',
      `echo ready; exec ${tool('udpblast')} send ${address(net, 2)} ${port} 10000000 ${perSecond}`,
    ); // biome-ignore format: a command
    await use();
  });
