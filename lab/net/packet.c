// SPDX-License-Identifier: Apache-2.0
// Sends IPv4 packets that no ordinary program would, each described by one word:
//
//   packet udp,from=10.1.0.2:4000,to=10.1.0.3:7000,id=7[,len=64][,ttl=64][,df][,badsum] …
//   packet tcp,from=…,to=…,id=8,flags=SA,seq=1,ack=2,window=3[,repeat=100] …
//   packet udp,proto=132,…                             another protocol whose ports stand there, as
//   SCTP packet udp,…,dev=eth0,mac=02:00:00:00:00:01 …      as a frame to that MAC address
//
// Addresses, TTL and IP id are sent as they are given; `from` need not be an address of this host.
// Without `dev` the routing table says where it goes. `len` is that of the payload. A packet that
// is refused (no route, too large) is told on stderr, and the next one is sent.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAYLOAD_MAX 9000

struct packet {
	uint8_t protocol;
	struct in_addr from, to;
	uint16_t from_port, to_port, id, window;
	uint32_t seq, ack;
	uint8_t flags, ttl;
	bool dont_fragment, bad_sum, has_mac;
	unsigned int len, repeat;
	char dev[IF_NAMESIZE];
	uint8_t mac[ETH_ALEN];
};

struct bytes {
	struct iphdr ip;
	union {
		struct udphdr udp;
		struct tcphdr tcp;
		uint8_t payload[sizeof(struct tcphdr) + PAYLOAD_MAX];
	};
} __attribute__((packed));

static uint32_t sum_of(const void *data, size_t size, uint32_t sum)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? byte[i] : (uint32_t)byte[i] << 8;
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static bool end_point(char *text, struct in_addr *address, uint16_t *port)
{
	char *colon = strchr(text, ':');

	if (!colon)
		return false;
	*colon = '\0';
	*port = (uint16_t)atoi(colon + 1);
	return inet_pton(AF_INET, text, address) == 1;
}

static uint8_t flags_of(const char *letters)
{
	static const char all[] = "FSRPAUEC";
	uint8_t flags = 0;

	for (; *letters; letters++) {
		const char *at = strchr(all, *letters);

		if (at)
			flags |= (uint8_t)(1 << (at - all));
	}
	return flags;
}

static bool set(struct packet *p, char *key)
{
	char *value = strchr(key, '=');

	if (value)
		*value++ = '\0';
	if (!value) {
		if (strcmp(key, "udp") == 0)
			p->protocol = IPPROTO_UDP;
		else if (strcmp(key, "tcp") == 0)
			p->protocol = IPPROTO_TCP;
		else if (strcmp(key, "df") == 0)
			p->dont_fragment = true;
		else if (strcmp(key, "badsum") == 0)
			p->bad_sum = true;
		else
			return false;
		return true;
	}
	if (strcmp(key, "from") == 0)
		return end_point(value, &p->from, &p->from_port);
	if (strcmp(key, "to") == 0)
		return end_point(value, &p->to, &p->to_port);
	if (strcmp(key, "id") == 0)
		p->id = (uint16_t)atoi(value);
	else if (strcmp(key, "proto") == 0)
		p->protocol = (uint8_t)atoi(value);
	else if (strcmp(key, "ttl") == 0)
		p->ttl = (uint8_t)atoi(value);
	else if (strcmp(key, "len") == 0)
		p->len = (unsigned int)atoi(value);
	else if (strcmp(key, "repeat") == 0)
		p->repeat = (unsigned int)atoi(value);
	else if (strcmp(key, "flags") == 0)
		p->flags = flags_of(value);
	else if (strcmp(key, "seq") == 0)
		p->seq = (uint32_t)strtoul(value, NULL, 0);
	else if (strcmp(key, "ack") == 0)
		p->ack = (uint32_t)strtoul(value, NULL, 0);
	else if (strcmp(key, "window") == 0)
		p->window = (uint16_t)atoi(value);
	else if (strcmp(key, "dev") == 0)
		snprintf(p->dev, sizeof(p->dev), "%s", value);
	else if (strcmp(key, "mac") == 0)
		p->has_mac = sscanf(value, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &p->mac[0], &p->mac[1],
				    &p->mac[2], &p->mac[3], &p->mac[4], &p->mac[5]) == 6;
	else
		return false;
	return true;
}

static bool parse(char *word, struct packet *p)
{
	*p = (struct packet){.ttl = 64, .len = 16, .window = 1024, .repeat = 1};
	for (char *rest = NULL, *key = strtok_r(word, ",", &rest); key;
	     key = strtok_r(NULL, ",", &rest))
		if (!set(p, key))
			return false;
	return p->protocol && p->from.s_addr && p->to.s_addr && p->len <= PAYLOAD_MAX &&
	       (p->dev[0] != '\0') == p->has_mac;
}

// The packet's bytes; returns how many.
static size_t build(const struct packet *p, struct bytes *b)
{
	const size_t header = p->protocol == IPPROTO_TCP ? sizeof(b->tcp) : sizeof(b->udp);
	const size_t size = header + p->len;
	uint16_t sum;

	memset(b, 0, sizeof(*b));
	b->ip.version = 4;
	b->ip.ihl = 5;
	b->ip.tot_len = htons((uint16_t)(sizeof(b->ip) + size));
	b->ip.id = htons(p->id);
	b->ip.frag_off = htons(p->dont_fragment ? IP_DF : 0);
	b->ip.ttl = p->ttl;
	b->ip.protocol = p->protocol;
	b->ip.saddr = p->from.s_addr;
	b->ip.daddr = p->to.s_addr;
	b->ip.check = folded(sum_of(&b->ip, sizeof(b->ip), 0));
	memset(b->payload + header, 'x', p->len);
	if (p->protocol == IPPROTO_TCP) {
		b->tcp.th_sport = htons(p->from_port);
		b->tcp.th_dport = htons(p->to_port);
		b->tcp.th_seq = htonl(p->seq);
		b->tcp.th_ack = htonl(p->ack);
		b->tcp.th_off = sizeof(b->tcp) / 4;
		b->tcp.th_flags = p->flags;
		b->tcp.th_win = htons(p->window);
	} else {
		b->udp.uh_sport = htons(p->from_port);
		b->udp.uh_dport = htons(p->to_port);
		b->udp.uh_ulen = htons((uint16_t)size);
	}
	sum = folded(
		sum_of(b->payload, size, sum_of(&b->ip.saddr, 8, (uint32_t)(p->protocol + size))));
	if (p->bad_sum)
		sum ^= htons(0x5555);
	if (p->protocol == IPPROTO_TCP)
		b->tcp.th_sum = sum;
	else
		b->udp.uh_sum = sum;
	return sizeof(b->ip) + size;
}

static ssize_t transmit(const struct packet *p, const struct bytes *b, size_t size)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = p->to};
	struct sockaddr_ll link = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_halen = ETH_ALEN};
	const bool is_frame = p->has_mac;
	const int s = is_frame ? socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP))
			       : socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	ssize_t sent = -1;

	if (s < 0)
		return -1;
	link.sll_ifindex = is_frame ? (int)if_nametoindex(p->dev) : 0;
	memcpy(link.sll_addr, p->mac, sizeof(p->mac));
	for (unsigned int i = 0; i < p->repeat; i++)
		sent = is_frame
			       ? sendto(s, b, size, 0, (const struct sockaddr *)&link, sizeof(link))
			       : sendto(s, b, size, 0, (const struct sockaddr *)&to, sizeof(to));
	close(s);
	return sent;
}

int main(int argc, char **argv)
{
	struct packet p;
	struct bytes b;

	if (argc < 2) {
		fprintf(stderr, "packet udp|tcp,from=ADDRESS:PORT,to=ADDRESS:PORT,id=N[,…] …\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (!parse(argv[i], &p)) {
			fprintf(stderr, "packet: '%s' is not understood\n", argv[i]);
			return 2;
		}
		if (transmit(&p, &b, build(&p, &b)) < 0)
			fprintf(stderr, "packet: id %u: %s\n", p.id, strerror(errno));
	}
	return 0;
}
