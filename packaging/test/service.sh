#!/bin/bash
# In the lab, in a root that has the package and no compiler: what its command and its service do. Each answer is a line
# `name: value` on standard output; packages.lab.test.ts says what is expected.
say() { printf '%s: %s\n' "$1" "$2"; }
http() { # path, token
	exec 9<> /dev/tcp/127.0.0.1/3000 || return
	printf 'GET %s HTTP/1.1\r\nHost: localhost:3000\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' "$1" "${2-}" >&9
	cat <&9
	exec 9>&-
}
count() { # metric
	http /metrics "$(cat /var/lib/skbtracer/token)" | grep "^$1 " | cut -d' ' -f2
}
until_is() { # wanted, command …: its output, or what it was when the service had ended
	local wanted=$1 seen
	shift
	while seen=$("$@" 2> /dev/null | tail -1); [ "$seen" != "$wanted" ]; do
		systemctl is-active --quiet skbtracer || break
		sleep 0.5
	done
	printf '%s\n' "$seen"
}
enough() {
	[ "$(count skbtracer_packets_total)" -ge 6 ] && echo yes
}
pair() { # a namespace and its peer, with a ping's way between
	ip netns add "$1"
	ip netns add "$2"
	ip link add left0 netns "$1" type veth peer name right0 netns "$2"
	ip -n "$1" addr add 10.9.0.1/24 dev left0
	ip -n "$2" addr add 10.9.0.2/24 dev right0
	ip -n "$1" link set left0 up
	ip -n "$2" link set right0 up
}

say first "$(cat /proc/1/comm)"
say compilers "$(type -P cc gcc clang cmake | tr '\n' ' ')"
say version "$(skbtracer --version)"
say lab "$(skbtracer --source lab 2>&1) $?"
say lab-doctor "$(skbtracer doctor --source lab 2>&1) $?"
say enabled "$(systemctl is-enabled skbtracer) $(systemctl is-active skbtracer)"

systemctl start skbtracer
say ready "$(until_is ready http /readyz)"
# the service finds namespaces that are made while it runs
pair left right
ip netns exec left ping -qc 3 -i 0.2 10.9.0.2 > /dev/null
# three requests and their answers; neighbours ask, too
say traced "$(until_is yes enough)"
say up "$(count skbtracer_source_up) $(count skbtracer_capturing) $(count skbtracer_keeping)"
for pid in $(cat /sys/fs/cgroup/system.slice/skbtracer.service/cgroup.procs); do
	# the agent asks `ip` now and then, which may be gone by now
	what=$(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" | grep -oE '(server|agent|serve)(\.mjs)?' | head -1)
	[ -z "$what" ] ||
		say process "$what $(stat -c %U "/proc/$pid") $(grep -E '^(CapEff|CapBnd|NoNewPrivs)' "/proc/$pid/status" | cut -f2 | tr '\n' ' ')"
done
systemctl stop skbtracer
# what it wrote of the kernel is there for the next start (RuntimeDirectoryPreserve)
say known "$(stat -c '%U %a' /run/skbtracer/kernel)"
say stopped "$(systemctl show -p ActiveState,Result --value skbtracer | tr '\n' ' ')$(pgrep -c node)"
say left "$(find /sys/fs/cgroup/system.slice/skbtracer.service 2> /dev/null | wc -l) $(ls /tmp | grep -c skbtracer)"
say told "$(journalctl -o cat -u skbtracer -t skbtracer | grep -v '^$' | sed 's/[0-9a-f]\{32\}/TOKEN/' | tr '\n' ' ')"
say exposure "$(systemd-analyze security --no-pager skbtracer | grep -oE 'level for skbtracer.service: [0-9.]+')"
