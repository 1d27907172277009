#!/bin/bash
# In the lab, in a root that has the package (left-out): the service's unit with capabilities taken from it, one line of
# $SKBTRACER_LEFT_OUT after the other. What each leaves to the doctor, to a trace with its diagnosis, and to the service.
unit() { # capabilities, further settings: a copy of the service with these, `try`
	mkdir -p /run/systemd/system/try.service.d
	cp /lib/systemd/system/skbtracer.service /run/systemd/system/try.service
	printf '%s\n' '[Service]' ${1:+"CapabilityBoundingSet=~$1"} Restart=no \
		StandardOutput=truncate:/run/said StandardError=append:/run/said "${@:2}" > /run/systemd/system/try.service.d/left-out.conf
	systemctl daemon-reload
	rm -rf /run/skbtracer # what an earlier one knew of the kernel
	: > /run/said
	systemctl start try
}
told() { systemctl show -p "$1" --value try | tr '\n' ' '; }
is_over() { case $(systemctl is-active try) in active | activating) false ;; esac; }
wait_until() { # command …: true when that came before the service's end, and before long
	local late=$((SECONDS + 150))
	until "$@" 2> /dev/null; do
		! is_over && [ $SECONDS -lt $late ] || return
		sleep 0.2
	done
}
readyz() {
	exec 9<> /dev/tcp/127.0.0.1/3000 || return
	printf 'GET /readyz HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n' >&9
	tail -1 <&9
	exec 9>&-
}
is_ready() { [ "$(readyz)" = ready ]; }
send() { # until nobody sees it any more: to a port that a rule drops, and to one that is bound elsewhere
	until is_over; do
		ip netns exec left bash -c 'echo 1 > /dev/udp/10.9.0.2/9; echo 1 > /dev/udp/10.9.0.2/7'
		sleep 0.5
	done
}

# a namespace with a name, and one that only a process with all privileges is in
ip netns add left
unshare --net sleep infinity &
right=$!
until [ "$(readlink /proc/$right/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
ip link add left0 netns left type veth peer name right0 netns $right
ip -n left addr add 10.9.0.1/24 dev left0
ip -n left link set left0 up
inside=(nsenter -t $right -n)
"${inside[@]}" ip link set lo up
"${inside[@]}" ip addr add 10.9.0.2/24 dev right0
"${inside[@]}" ip link set right0 up
"${inside[@]}" nft -f - << END
table inet firewall { chain input { type filter hook input priority 0; udp dport 9 counter drop; }; }
END
"${inside[@]}" node -e 'require("dgram").createSocket("udp4").bind(7, "127.0.0.1")' &

while IFS= read -r capabilities; do
	printf '=== without %s\n' "${capabilities:-nothing}"
	begin=$SECONDS
	unit "$capabilities" ExecStart= 'ExecStart=/usr/bin/skbtracer doctor'
	wait_until is_over
	printf -- '--- doctor: status %s\n' "$(told ExecMainStatus)"
	grep -vE '^(✓|$)' /run/said # but for what is in order
	unit "$capabilities" ExecStart= \
		"ExecStart=/usr/bin/skbtracer --why -c 2 --duration 2m --ready-file /run/skbtracer/is-ready 'udp port 9 or udp port 7'"
	wait_until test -e /run/skbtracer/is-ready && send
	printf -- '--- trace: status %s\n' "$(told ExecMainStatus)"
	cat /run/said
	unit "$capabilities"
	wait_until is_ready && ready=ready || ready=$(readyz 2> /dev/null)
	systemctl stop try
	printf -- '--- serve: %s; %s\n' "${ready:-no answer}" "$(told Result,ExecMainStatus)"
	cat /run/said
	printf -- '--- %s s\n' $((SECONDS - begin))
done <<< "$SKBTRACER_LEFT_OUT"
