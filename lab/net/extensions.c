// SPDX-License-Identifier: Apache-2.0
// One UDP datagram over IPv6 with a hop-by-hop and a destination options header before it:
//
//   extensions ADDRESS PORT
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// Next header (the kernel fills it in), length in units of 8 bytes after the first, one option that
// fills the rest: PadN (RFC 8200, 4.2), of which Linux takes no more than seven bytes, and an
// experimental one (RFC 4727) that who does not know it passes over.
static const unsigned char HOP_BY_HOP[8] = {0, 0, 1, 4};
static const unsigned char DESTINATION[16] = {0, 1, 0x1e, 12};

static int fail(const char *what)
{
	fprintf(stderr, "extensions: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	const int s = socket(AF_INET6, SOCK_DGRAM, 0);

	if (argc != 3) {
		fprintf(stderr, "extensions ADDRESS PORT\n");
		return 2;
	}
	to.sin6_port = htons(atoi(argv[2]));
	if (s < 0 || inet_pton(AF_INET6, argv[1], &to.sin6_addr) != 1)
		return fail(argv[1]);
	if (setsockopt(s, IPPROTO_IPV6, IPV6_HOPOPTS, HOP_BY_HOP, sizeof(HOP_BY_HOP)) ||
	    setsockopt(s, IPPROTO_IPV6, IPV6_DSTOPTS, DESTINATION, sizeof(DESTINATION)))
		return fail("options");
	if (sendto(s, "skbtracer", 9, 0, (struct sockaddr *)&to, sizeof(to)) != 9)
		return fail("send");
	return 0;
}
