#!/bin/bash
# Traffic of the sample network that goes on until it is stopped: a bit of everything that a packet
# can meet. One round about every two seconds, so that a person can follow.
set -u
web="ip netns exec web"
outside="ip netns exec outside"

round() {
	$web ping -q -c1 -W1 10.1.0.3                                    # over the bridge
	$web ping -q -6 -c1 -W1 fd00:1::3                                # the same with IPv6
	$web ping -q -c1 -W1 192.0.2.2                                   # through MASQUERADE
	$web nc -z -w2 192.0.2.2 90                                      # TCP through MASQUERADE
	$outside nc -z -w2 192.0.2.1 8080                                # TCP through DNAT, to db:80
	$web bash -c 'echo hello > /dev/udp/10.1.0.3/7000'               # delivered
	$web bash -c 'echo hello > /dev/udp/10.1.0.3/9998'               # no such socket
	$web bash -c 'echo hello > /dev/udp/10.1.0.3/9999'               # nftables drops it in db
	$outside timeout 0.3 bash -c 'exec 3<> /dev/tcp/10.1.0.3/81'     # iptables drops it in FORWARD
}

while :; do
	round > /dev/null 2>&1
	sleep 1
done
