// SPDX-License-Identifier: Apache-2.0
// UDP for scenarios:
//   udpblast send ADDRESS PORT COUNT RATE   COUNT datagrams, RATE a second (0: one straight after
//   another) udpblast sink PORT                      takes datagrams until it is ended; prints a
//   line when it listens
// A connected socket numbers its datagrams (inet_id in the kernel's ip_select_ident_segs), so that
// the IP ids of up to 65,536 datagrams differ.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "udpblast: %s: %s\n", what, strerror(errno));
	return 1;
}

static int send_all(const char *address, int port, long count, long rate)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int discover = IP_PMTUDISC_DONT; // without DF, ids are numbered
	const char payload[64] = "skbtracer";
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct timespec next;

	if (s < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return fail(address);
	if (setsockopt(s, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)) ||
	    connect(s, (struct sockaddr *)&to, sizeof(to)))
		return fail("connect");
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 0; i < count; i++) {
		if (send(s, payload, sizeof(payload), 0) != sizeof(payload))
			return fail("send");
		if (rate == 0)
			continue;
		next.tv_nsec += 1000000000L / rate;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return 0;
}

static int sink(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	char datagram[2048];

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)))
		return fail("bind");
	puts("listening");
	fflush(stdout);
	while (recv(s, datagram, sizeof(datagram), 0) >= 0)
		;
	return fail("recv");
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		return send_all(argv[2], atoi(argv[3]), atol(argv[4]), atol(argv[5]));
	if (argc == 3 && strcmp(argv[1], "sink") == 0)
		return sink(atoi(argv[2]));
	fprintf(stderr, "udpblast send ADDRESS PORT COUNT RATE | sink PORT\n");
	return 2;
}
