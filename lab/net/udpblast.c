// SPDX-License-Identifier: Apache-2.0
// Traffic for scenarios and the sample network, where every program that starts costs 60-80 ms:
//
//   udpblast send ADDRESS PORT COUNT RATE
//       COUNT datagrams, RATE a second (0: one straight after another). A connected socket
//       numbers its datagrams (inet_id in the kernel's ip_select_ident_segs), so the IP ids of
//       up to 65,536 of them differ. Prints "sent COUNT in N ns, M ns of CPU".
//   udpblast sink PORT [COUNT]
//       takes datagrams until it is ended, or COUNT; then it prints "took COUNT, M ns of CPU"
//   udpblast serve tcp:PORT[:BYTES]|udp:PORT …
//       takes connections and datagrams, IPv4 and IPv6, reads and drops what comes; answers the
//       first data of a connection with BYTES
//
// sink and serve print "listening" when they do.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SOCKETS 64

static int fail(const char *what)
{
	fprintf(stderr, "udpblast: %s: %s\n", what, strerror(errno));
	return 1;
}

static int listening(void)
{
	puts("listening");
	return fflush(stdout);
}

static long long nanoseconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
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
	const long long begun = nanoseconds(CLOCK_MONOTONIC);
	const long long used = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);

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
	printf("sent %ld in %lld ns, %lld ns of CPU\n", count, nanoseconds(CLOCK_MONOTONIC) - begun,
	       nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - used);
	return 0;
}

// A socket bound to a port of every IPv4 and IPv6 address, or -1 with errno.
static int bound(int type, int port)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const int on = 1, off = 0;
	int s = socket(AF_INET6, type, 0);

	if (s < 0 || setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(s, (struct sockaddr *)&at, sizeof(at)))
		return -1;
	if (type == SOCK_STREAM && listen(s, 16))
		return -1;
	return s;
}

// Without a count for ever.
static int sink(int port, long count)
{
	int s = bound(SOCK_DGRAM, port);
	const int room = 8 << 20;
	long taken = 0;
	char datagram[2048];

	// all that is sent before this process runs again finds room
	if (s < 0 || (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) && count))
		return fail("bind");
	listening();
	const long long used = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);

	while ((count == 0 || taken < count) && recv(s, datagram, sizeof(datagram), 0) >= 0)
		taken++;
	if (count == 0 || taken < count)
		return fail("recv");
	printf("took %ld, %lld ns of CPU\n", taken, nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - used);
	return 0;
}

// Of tcp:PORT:BYTES.
static int answer_of(const char *port)
{
	const char *colon = strchr(port + 4, ':');
	const int bytes = colon ? atoi(colon + 1) : 0;

	return bytes < 4096 ? bytes : 4096;
}

static int serve(int count, char **ports)
{
	struct pollfd fds[MAX_SOCKETS];
	char is_listener[MAX_SOCKETS] = {0};
	int answers[MAX_SOCKETS] = {0}; // bytes that the next data is answered with
	char bytes[4096];
	int n = 0;

	for (int i = 0; i < count && n < MAX_SOCKETS / 2; i++, n++) {
		const int is_tcp = strncmp(ports[i], "tcp:", 4) == 0;

		if (!is_tcp && strncmp(ports[i], "udp:", 4) != 0) {
			fprintf(stderr, "udpblast: '%s' is neither tcp:PORT nor udp:PORT\n",
				ports[i]);
			return 2;
		}
		fds[n].fd = bound(is_tcp ? SOCK_STREAM : SOCK_DGRAM, atoi(ports[i] + 4));
		fds[n].events = POLLIN;
		is_listener[n] = is_tcp;
		answers[n] = answer_of(ports[i]);
		if (fds[n].fd < 0)
			return fail(ports[i]);
	}
	const int own = n;

	listening();
	while (poll(fds, n, -1) > 0) {
		for (int i = n - 1; i >= 0; i--) {
			if (fds[i].revents == 0)
				continue;
			if (is_listener[i]) {
				const int peer = accept(fds[i].fd, NULL, NULL);

				if (peer >= 0 && n == MAX_SOCKETS)
					close(peer);
				else if (peer >= 0) {
					answers[n] = answers[i];
					fds[n++] = (struct pollfd){.fd = peer, .events = POLLIN};
				}
			} else if (recv(fds[i].fd, bytes, sizeof(bytes), 0) <= 0 && i >= own) {
				close(fds[i].fd);
				fds[i] = fds[--n];
				answers[i] = answers[n];
			} else if (i >= own && answers[i] > 0) {
				memset(bytes, 'x', sizeof(bytes));
				if (send(fds[i].fd, bytes, (size_t)answers[i], MSG_NOSIGNAL) < 0)
					return fail("send");
				answers[i] = 0;
			}
		}
	}
	return fail("poll");
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		return send_all(argv[2], atoi(argv[3]), atol(argv[4]), atol(argv[5]));
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "sink") == 0)
		return sink(atoi(argv[2]), argc == 4 ? atol(argv[3]) : 0);
	if (argc >= 3 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	fprintf(stderr, "udpblast send ADDRESS PORT COUNT RATE | sink PORT [COUNT] | serve "
			"tcp:PORT[:BYTES] …\n");
	return 2;
}
