#!/bin/bash
# Traffic of the sample network that goes on until this is ended: a bit of everything that a packet
# can meet, one round every two seconds, so that a person can follow. Only bash's own means in the
# rounds: a program that starts costs 60-80 ms under emulation, which the tracer needs.
set -u
PERIOD=2
trap 'trap - TERM EXIT; kill 0' EXIT
trap 'exit 143' TERM INT

exec {never}<> <(:) # nothing ever comes: a place to wait at without a program
pause() { read -r -t "$1" -u "$never"; }
export -f pause
export never PERIOD

connect() { # address, port: says hello, or gives up
	local talk
	(exec {talk}<> "/dev/tcp/$1/$2" && echo hello >&"$talk") &
	local attempt=$!
	pause 0.3
	kill "$attempt" && wait "$attempt"
}
export -f connect

from_web() {
	while :; do
		connect 192.0.2.2 90                 # through MASQUERADE
		echo hello > /dev/udp/10.1.0.3/7000  # delivered
		pause 0.2
		echo hello > /dev/udp/10.1.0.3/9998  # no such socket
		pause 0.2
		echo hello > /dev/udp/10.1.0.3/9999  # nftables drops it in db
		pause 0.2
		echo hello > /dev/udp/10.2.0.2/7000  # routed to east
		echo hello > /dev/udp/10.2.0.3/7000  # routed to west, where a qdisc delays it
		pause "$PERIOD"
	done
}
from_outside() {
	while :; do
		connect 192.0.2.1 8080               # through DNAT, to db:80
		connect 10.1.0.3 81                  # iptables drops it in FORWARD
		pause "$PERIOD"
	done
}
from_west() {
	while :; do
		echo hello > /dev/udp/10.96.0.10/7001 # a service address (DNAT) of east, which gets it twice
		pause "$PERIOD"
	done
}
export -f from_web from_outside from_west

in_namespace() { ip netns exec "$@" < /dev/null > /dev/null 2>&1 & }
in_namespace web ping -q -i $PERIOD 10.1.0.3 # over the bridge
in_namespace web ping -q -i $PERIOD -6 fd00:1::3
in_namespace web ping -q -i $PERIOD 192.0.2.2 # through MASQUERADE
in_namespace web bash -c from_web
in_namespace outside bash -c from_outside
in_namespace west bash -c from_west
wait
