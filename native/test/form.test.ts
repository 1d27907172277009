/** What the form makes (core/model/filter.ts) is what libpcap understands. */
import { expect, it } from 'vitest';
import { formToExpression } from '../../core/model/filter.ts';
import { loadAddon } from '../index.ts';

it('the form makes only expressions that libpcap compiles', async () => {
  const addon = loadAddon();
  for (const protocol of ['', 'tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'arp', '47'])
    for (const host of ['', '10.1.0.3', 'fd00:1::3'])
      for (const port of ['', '80'])
        for (const icmpId of ['', '4242']) {
          const made = formToExpression({ protocol, host, port, icmpId });
          // ARP has IPv4 addresses only
          if (!made.ok || (protocol === 'arp' && host.includes(':'))) continue;
          // nor are there ICMP echoes of one version between addresses of the other
          if ((protocol === 'icmp' && host.includes(':')) || (protocol === 'icmp6' && host.includes('.')))
            continue;
          await expect(addon.compileFilter(made.value), made.value).resolves.toBeDefined();
        }
});
