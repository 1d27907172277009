#!/bin/bash
# lab/stress-boots.sh [N]: boots each kernel N times in a row (50), and counts what fails. In every boot
# the sample network is set up and kernel text is patched, as attaching a probe does: that is what
# fails when emulation is not sound.
set -u
cd "$(dirname "$0")/.."
boots=${1:-50}
failed=0
patch='set -e
cd /sys/kernel/tracing
for i in 1 2 3; do
	echo "p:lab/a$i ip_rcv" >> kprobe_events
	echo "p:lab/b$i br_handle_frame" >> kprobe_events
	echo 1 > events/lab/enable
	ip netns exec web ping -q -c2 -i0.01 -W2 10.1.0.3
	echo 0 > events/lab/enable
	echo > kprobe_events
done'
for kernel in 6.12 6.1; do
	for ((boot = 1; boot <= boots; boot++)); do
		begin=$SECONDS
		if node dist/lab.mjs --kernel "$kernel" --net --timeout 120 -- bash -c "$patch" < /dev/null > /dev/null; then
			echo "$kernel boot $boot: ok, $((SECONDS - begin)) s"
		else
			echo "$kernel boot $boot: status $?, $((SECONDS - begin)) s"
			failed=$((failed + 1))
		fi
	done
done
echo "$((2 * boots)) boots, $failed failed"
exit $((failed > 0))
