// SPDX-License-Identifier: Apache-2.0
// What talks in scenarios and is no standard tool:
//
//   peers udp-send ADDRESS PORT COUNT BYTES [SEGMENT]
//       datagrams to a host, a broadcast address or a group, without DF; with SEGMENT, each is as
//       many datagrams of that size (UDP GSO)
//   peers udp-take PORT COUNT [GROUP READERS]
//       as many sockets on the port, members of the group; ends when each has got COUNT
//   peers udp-hold PORT
//       a socket with room for thousands of datagrams that never reads
//   peers tcp-send ADDRESS PORT BYTES
//       one connection, one write; ends when the other side has closed
//   peers tcp-take PORT BYTES
//       one connection, closed when so much has been read
//   peers echo ADDRESS ID [COUNT]
//       echo requests with that id, as `ping -e ID` of newer systems; ends with the last reply
//   peers tap DEVICE PORT
//       a packet socket on the device; ends with an IPv4 datagram to that port
//   peers offload DEVICE tso|gso|gro on|off
//       what ethtool -K does
//
// Those that wait for something print "ready" when they do.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BYTES 65536
#define MAX_READERS 16

static char bytes[MAX_BYTES];

static int fail(const char *what)
{
	fprintf(stderr, "peers: %s: %s\n", what, strerror(errno));
	return 1;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

struct end {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t size;
};

static struct end end_of(const char *address, int port)
{
	struct end e = {.size = sizeof(e.v4)};

	e.v4.sin_family = AF_INET;
	e.v4.sin_port = htons(port);
	if (inet_pton(AF_INET, address, &e.v4.sin_addr) == 1)
		return e;
	memset(&e, 0, sizeof(e));
	e.size = sizeof(e.v6);
	e.v6.sin6_family = AF_INET6;
	e.v6.sin6_port = htons(port);
	if (inet_pton(AF_INET6, address, &e.v6.sin6_addr) != 1)
		e.size = 0;
	return e;
}

static int udp_send(const char *address, int port, int count, size_t size, int segment)
{
	const struct end to = end_of(address, port);
	const int on = 1, discover = IP_PMTUDISC_DONT;
	int s = socket(to.any.sa_family, SOCK_DGRAM, 0);

	if (s < 0 || to.size == 0)
		return fail(address);
	if (setsockopt(s, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) ||
	    (to.any.sa_family == AF_INET &&
	     setsockopt(s, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover))) ||
	    (segment && setsockopt(s, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment))) ||
	    connect(s, &to.any, to.size))
		return fail(address);
	for (int i = 0; i < count; i++)
		if (send(s, bytes, size, 0) != (ssize_t)size)
			return fail("send");
	return 0;
}

// A socket on a port of every IPv4 and IPv6 address, or -1 with errno.
static int bound(int type, int port)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const int on = 1, off = 0;
	int s = socket(AF_INET6, type, 0);

	if (s < 0 || setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(s, (struct sockaddr *)&at, sizeof(at)))
		return -1;
	return s;
}

// One that is a member of an IPv4 group.
static int member(int port, const char *group)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct ip_mreqn join = {.imr_ifindex = 0};
	const int on = 1;
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s < 0 || inet_pton(AF_INET, group, &join.imr_multiaddr) != 1 ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(s, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)))
		return -1;
	return s;
}

static int udp_take(int port, int count, const char *group, int readers)
{
	int sockets[MAX_READERS];

	for (int i = 0; i < readers; i++) {
		sockets[i] = group ? member(port, group) : bound(SOCK_DGRAM, port);
		if (sockets[i] < 0)
			return fail(group ? group : "bind");
	}
	ready();
	for (int i = 0; i < readers; i++)
		for (int n = 0; n < count; n++)
			if (recv(sockets[i], bytes, sizeof(bytes), 0) < 0)
				return fail("recv");
	return 0;
}

static int udp_hold(int port)
{
	const int room = 64 << 20;
	int s = bound(SOCK_DGRAM, port);

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		return fail("bind");
	ready();
	pause();
	return 0;
}

static int tcp_send(const char *address, int port, size_t size)
{
	const struct end to = end_of(address, port);
	int s = socket(to.any.sa_family, SOCK_STREAM, 0);

	if (s < 0 || to.size == 0 || connect(s, &to.any, to.size))
		return fail(address);
	if (send(s, bytes, size, 0) != (ssize_t)size)
		return fail("send");
	return recv(s, bytes, sizeof(bytes), 0) == 0 ? 0 : fail("recv");
}

static int tcp_take(int port, size_t size)
{
	ssize_t got;
	int s = bound(SOCK_STREAM, port), peer;

	if (s < 0 || listen(s, 1))
		return fail("listen");
	ready();
	peer = accept(s, NULL, NULL);
	if (peer < 0)
		return fail("accept");
	for (; size > 0; size -= (size_t)got) {
		got = recv(peer, bytes, size < sizeof(bytes) ? size : sizeof(bytes), 0);
		if (got <= 0)
			return fail("recv");
	}
	return 0;
}

// Sends one echo request on a raw socket and waits for its reply.
static int echo_once(int s, const struct end *to, int id, int sequence)
{
	const int is_v6 = to->any.sa_family == AF_INET6;
	// type, code, checksum, id and sequence are alike in both
	struct icmphdr request = {.type = is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
				  .un.echo = {.id = htons(id), .sequence = htons(sequence)}};
	const uint8_t reply = is_v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;

	if (!is_v6) { // the kernel sets that of ICMPv6
		const unsigned int sum = (ICMP_ECHO << 8) + id + sequence;

		request.checksum = htons(~((sum & 0xffff) + (sum >> 16)));
	}
	if (sendto(s, &request, sizeof(request), 0, &to->any, to->size) < 0)
		return fail("sendto");
	for (;;) {
		const ssize_t got = recv(s, bytes, sizeof(bytes), 0);
		const size_t header = is_v6 ? 0 : ((const struct iphdr *)bytes)->ihl * 4;
		const struct icmphdr *answer = (const struct icmphdr *)(bytes + header);

		if (got < 0)
			return fail("no reply");
		if ((size_t)got >= header + sizeof(*answer) && answer->type == reply &&
		    answer->un.echo.id == htons(id) && answer->un.echo.sequence == htons(sequence))
			return 0;
	}
}

static int echo(const char *address, int id, int count)
{
	const struct end to = end_of(address, 0);
	const int is_v6 = to.any.sa_family == AF_INET6;
	const struct timeval patience = {.tv_sec = 5};
	const int s = socket(to.any.sa_family, SOCK_RAW, is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	if (!to.size || s < 0 ||
	    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return fail(address);
	for (int i = 1; i <= count; i++)
		if (echo_once(s, &to, id, i))
			return 1;
	return 0;
}

static int tap(const char *device, int port)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	const struct ethhdr *eth = (const void *)bytes;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct udphdr *udp = (const void *)(ip + 1);
	int s = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = (int)if_nametoindex(device);
	if (s < 0 || at.sll_ifindex == 0 || bind(s, (struct sockaddr *)&at, sizeof(at)))
		return fail(device);
	ready();
	do {
		if (recv(s, bytes, sizeof(bytes), 0) < 0)
			return fail("recv");
	} while (eth->h_proto != htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP ||
		 udp->dest != htons(port));
	return 0;
}

static int offload(const char *device, const char *what, int is_on)
{
	struct ethtool_value value = {.data = is_on};
	struct ifreq request = {.ifr_data = (char *)&value};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	value.cmd = strcmp(what, "tso") == 0   ? ETHTOOL_STSO
		    : strcmp(what, "gso") == 0 ? ETHTOOL_SGSO
					       : ETHTOOL_SGRO;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	return s < 0 || ioctl(s, SIOCETHTOOL, &request) ? fail(device) : 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if ((argc == 6 || argc == 7) && strcmp(what, "udp-send") == 0)
		return udp_send(argv[2], atoi(argv[3]), atoi(argv[4]), (size_t)atol(argv[5]),
				argc == 7 ? atoi(argv[6]) : 0);
	if (argc == 4 && strcmp(what, "udp-take") == 0)
		return udp_take(atoi(argv[2]), atoi(argv[3]), NULL, 1);
	if (argc == 6 && strcmp(what, "udp-take") == 0 && atoi(argv[5]) <= MAX_READERS)
		return udp_take(atoi(argv[2]), atoi(argv[3]), argv[4], atoi(argv[5]));
	if (argc == 3 && strcmp(what, "udp-hold") == 0)
		return udp_hold(atoi(argv[2]));
	if (argc == 5 && strcmp(what, "tcp-send") == 0)
		return tcp_send(argv[2], atoi(argv[3]), (size_t)atol(argv[4]));
	if (argc == 4 && strcmp(what, "tcp-take") == 0)
		return tcp_take(atoi(argv[2]), (size_t)atol(argv[3]));
	if ((argc == 4 || argc == 5) && strcmp(what, "echo") == 0)
		return echo(argv[2], atoi(argv[3]), argc == 5 ? atoi(argv[4]) : 1);
	if (argc == 4 && strcmp(what, "tap") == 0)
		return tap(argv[2], atoi(argv[3]));
	if (argc == 5 && strcmp(what, "offload") == 0)
		return offload(argv[2], argv[3], strcmp(argv[4], "on") == 0);
	fprintf(stderr, "peers udp-send|udp-take|udp-hold|tcp-send|tcp-take|echo|tap|offload …\n");
	return 2;
}
