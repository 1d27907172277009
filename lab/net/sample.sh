#!/bin/bash
# The sample network, in the lab's VM only (lab/README.md has a picture). Ready when it returns; run
# again, it begins anew. Every program that starts costs 60-80 ms under emulation: hence batches.
set -eu
read -r host < /proc/sys/kernel/hostname
[ "$host" = lab ] || {
	echo "sample.sh is for the lab's VM only" >&2
	exit 1
}
tool=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/dist/udpblast
[ -x "$tool" ] || {
	echo "$tool is missing: npm run build makes it" >&2
	exit 1
}
servers=/run/lab/sample.servers

begin_anew() {
	local pid
	while read -r pid; do kill "$pid" 2> /dev/null || true; done < "$servers"
	# a namespace takes its end of a veth pair with it, and that the other
	ip -batch - <<- 'END'
		netns del web
		netns del db
		netns del outside
		netns del east
		netns del west
		link del br0
		link del br1
	END
}
[ ! -e "$servers" ] || begin_anew

modprobe -a veth bridge br_netfilter nf_conntrack nf_nat nft_chain_nat xt_MASQUERADE 8021q sch_netem 2> /dev/null || true
settings=/proc/sys/net
echo 1 > $settings/ipv4/ip_forward
echo 1 > $settings/ipv6/conf/all/forwarding
echo 1 > $settings/bridge/bridge-nf-call-iptables

ip -batch - << 'END'
netns add web
netns add db
netns add outside
link add br0 type bridge
link add vweb type veth peer name eth0 netns web
link add vdb type veth peer name eth0 netns db
link add vout type veth peer name eth0 netns outside
link set vweb master br0
link set vdb master br0
addr add 10.1.0.1/24 dev br0
addr add fd00:1::1/64 dev br0 nodad
addr add 192.0.2.1/24 dev vout
link set br0 up
link set vweb up
link set vdb up
link set vout up
netns add east
netns add west
link add br1 type bridge mcast_snooping 0
link add veast type veth peer name eth0 netns east
link add vwest type veth peer name eth0 netns west
link set br1 addrgenmode none
link set veast addrgenmode none master br1
link set vwest addrgenmode none master br1
addr add 10.2.0.1/24 dev br1
link set br1 up promisc on
link set veast up
link set vwest up
END
ip -n web -batch - << 'END'
addr add 10.1.0.2/24 dev eth0
addr add fd00:1::2/64 dev eth0 nodad
link set lo up
link set eth0 up
route add default via 10.1.0.1
END
ip -n db -batch - << 'END'
addr add 10.1.0.3/24 dev eth0
addr add fd00:1::3/64 dev eth0 nodad
link set lo up
link set eth0 up
route add default via 10.1.0.1
END
ip -n outside -batch - << 'END'
addr add 192.0.2.2/24 dev eth0
link set lo up
link set eth0 up
route add 10.1.0.0/24 via 192.0.2.1
END
for end in east:2 west:3; do
	ip -n "${end%:*}" -batch - <<- END
		link set eth0 addrgenmode none
		addr add 10.2.0.${end#*:}/24 dev eth0
		link set lo up
		link set eth0 up
		route add default via 10.2.0.1
	END
done
# what makes one of two ways slow, and is no function's fault
tc qdisc add dev vwest root netem delay 200ms

iptables-restore << 'END'
*filter
-A FORWARD -p tcp --dport 81 -j DROP
COMMIT
*nat
-A PREROUTING -i vout -p tcp --dport 8080 -j DNAT --to-destination 10.1.0.3:80
-A POSTROUTING -s 10.1.0.0/24 -o vout -j MASQUERADE
-A PREROUTING -d 10.96.0.10 -p udp --dport 7001 -j DNAT --to-destination 10.2.0.2:7000
COMMIT
END
ip netns exec db nft -f - << 'END'
table inet sample {
	chain input {
		type filter hook input priority 0; policy accept;
		udp dport 9999 counter drop
	}
}
END

# What the traffic and the scenarios talk to. `serve` returns when they listen.
serve() { # namespace, ports …
	local namespace=$1 from said=
	shift
	exec {from}< <(exec ip netns exec "$namespace" "$tool" serve "$@" 2>&1)
	echo $! >> "$servers"
	read -r said <&"$from" || true
	[ "$said" = listening ] || {
		echo "$namespace: $said" >&2
		exit 1
	}
}
: > "$servers"
serve db tcp:80 udp:7000
serve outside tcp:90
serve east udp:7000
serve west udp:7000
# all are known as neighbours: the first packet of a scenario waits for nothing
ip netns exec web ping -q -c1 -W5 10.1.0.3 > /dev/null
ip netns exec web ping -q -c1 -W5 192.0.2.2 > /dev/null
ip netns exec web ping -q -6 -c1 -W5 fd00:1::3 > /dev/null
