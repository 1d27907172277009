// SPDX-License-Identifier: Apache-2.0
// Puts packets given byte by byte on a device of this namespace, round after round, each time
// until the kernel is done with them:
//
//   frames DEVICE END_NETNS END_DEVICE
//
// Reads lines. `frame HEX` (an Ethernet frame) and `ip HEX` (an IPv4 or IPv6 packet, for which the
// kernel finds route and MAC header) are kept. An empty line sends all of them in order, `frame`s
// out of DEVICE and `ip`s by raw sockets, then a frame of our own to everyone, and prints "done"
// when that has come out of END_DEVICE in the namespace END_NETNS: all run on one CPU, whose queues
// are first in, first out, so that the kernel has finished with what was sent before it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_PACKETS 1024
#define MAX_BYTES 16384
// IEEE 802 local experimental: nobody else takes it
#define LAST_TYPE 0x88b5

struct packet {
	int is_frame;
	size_t size;
	uint8_t *bytes;
};

static int fail(const char *what)
{
	fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
	return 1;
}

static int parse(struct packet *p, const char *line)
{
	static uint8_t bytes[MAX_BYTES];
	const char *hex = strchr(line, ' ');
	unsigned byte;

	p->is_frame = strncmp(line, "frame ", 6) == 0;
	p->size = 0;
	if (!hex || (!p->is_frame && strncmp(line, "ip ", 3) != 0))
		return -1;
	for (hex++; p->size < MAX_BYTES && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[p->size++] = (uint8_t)byte;
	p->bytes = malloc(p->size);
	if (!p->bytes || *hex != '\n' || p->size < 20)
		return -1;
	memcpy(p->bytes, bytes, p->size);
	return 0;
}

static int send_frame(int s, const void *bytes, size_t size)
{
	return send(s, bytes, size, 0) == (ssize_t)size ? 0 : -1;
}

static int send_ip(int s4, int s6, const struct packet *p)
{
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	ssize_t sent;

	if (p->bytes[0] >> 4 == 4) {
		memcpy(&to4.sin_addr, p->bytes + 16, 4);
		sent = sendto(s4, p->bytes, p->size, 0, (struct sockaddr *)&to4, sizeof(to4));
	} else {
		memcpy(&to6.sin6_addr, p->bytes + 24, 16);
		sent = sendto(s6, p->bytes, p->size, 0, (struct sockaddr *)&to6, sizeof(to6));
	}
	return sent == (ssize_t)p->size ? 0 : -1;
}

static int packet_socket(const char *device, uint16_t protocol)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
	const struct timeval patience = {.tv_sec = 20};
	int s = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = (int)if_nametoindex(device);
	if (s < 0 || at.sll_ifindex == 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return -1;
	return s;
}

static int enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
}

// The frame that comes last in round `number`, and waits for it at the other end.
static int send_last(int out, int in, uint32_t number)
{
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,           2,
			     0xf1, 0xff, 0xff, 0xff, 0xff, LAST_TYPE >> 8, LAST_TYPE & 0xff};
	uint8_t got[60];

	memcpy(frame + 14, &number, sizeof(number));
	if (send_frame(out, frame, sizeof(frame)))
		return -1;
	do {
		if (recv(in, got, sizeof(got), 0) != sizeof(got))
			return -1;
	} while (memcmp(got, frame, sizeof(got)) != 0);
	return 0;
}

int main(int argc, char **argv)
{
	static struct packet packets[MAX_PACKETS];
	static char line[2 * MAX_BYTES + 16];
	int out, in, s4, s6, count = 0;
	uint32_t round = 0;
	cpu_set_t cpus;

	if (argc != 4) {
		fprintf(stderr, "frames DEVICE END_NETNS END_DEVICE\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return fail("sched_setaffinity");
	// protocol 0: receives nothing
	out = packet_socket(argv[1], 0);
	if (out < 0)
		return fail(argv[1]);
	s4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	s6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	if (s4 < 0 || s6 < 0)
		return fail("raw socket");
	if (enter(argv[2]))
		return fail(argv[2]);
	in = packet_socket(argv[3], LAST_TYPE);
	if (in < 0)
		return fail(argv[3]);
	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] != '\n') {
			if (count == MAX_PACKETS || parse(&packets[count], line)) {
				fprintf(stderr, "frames: packet %d is not understood\n", count);
				return 2;
			}
			count++;
			continue;
		}
		for (int i = 0; i < count; i++) {
			const struct packet *p = &packets[i];

			if (p->is_frame ? send_frame(out, p->bytes, p->size) : send_ip(s4, s6, p)) {
				fprintf(stderr, "frames: packet %d: %s\n", i, strerror(errno));
				return 1;
			}
		}
		if (send_last(out, in, ++round))
			return fail("the last frame of a round");
		puts("done");
		fflush(stdout);
	}
	return 0;
}
