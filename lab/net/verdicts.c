// SPDX-License-Identifier: Apache-2.0
// What libpcap says of packets given byte by byte:
//
//   verdicts EN10MB|RAW
//
// Reads lines. `packet VISIBLE HEX` is kept (VISIBLE: bytes of it that may be looked at, its whole
// length counts all the same); `expression TEXT` prints a digit for each packet, 1 when it
// matches, or `error MESSAGE` when the expression does not compile for that link type.
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PACKETS 1024
#define MAX_BYTES 16384

struct packet {
	struct pcap_pkthdr header;
	u_char *bytes;
};

static int parse(struct packet *p, const char *line)
{
	static u_char bytes[MAX_BYTES];
	unsigned visible, byte, size = 0;
	int at;

	if (sscanf(line, "packet %u %n", &visible, &at) != 1)
		return -1;
	for (line += at; size < MAX_BYTES && sscanf(line, "%2x", &byte) == 1; line += 2)
		bytes[size++] = (u_char)byte;
	p->header.len = size;
	p->header.caplen = visible < size ? visible : size;
	p->bytes = malloc(size);
	if (!p->bytes || *line != '\0')
		return -1;
	memcpy(p->bytes, bytes, size);
	return 0;
}

static void judge(pcap_t *pcap, const char *expression, const struct packet *packets, int count)
{
	struct bpf_program program;

	// optimised, as tcpdump does by default
	if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN)) {
		printf("error %s\n", pcap_geterr(pcap));
		return;
	}
	for (int i = 0; i < count; i++)
		putchar(pcap_offline_filter(&program, &packets[i].header, packets[i].bytes) ? '1'
											    : '0');
	putchar('\n');
	pcap_freecode(&program);
}

int main(int argc, char **argv)
{
	static struct packet packets[MAX_PACKETS];
	static char line[2 * MAX_BYTES + 64];
	const char mark[] = "expression ";
	int link = argc == 2 ? pcap_datalink_name_to_val(argv[1]) : -1;
	int count = 0;
	pcap_t *pcap;

	if (link < 0) {
		fprintf(stderr, "verdicts EN10MB|RAW\n");
		return 2;
	}
	pcap = pcap_open_dead(link, 262144);
	while (pcap && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, mark, strlen(mark)) == 0) {
			judge(pcap, line + strlen(mark), packets, count);
		} else if (count == MAX_PACKETS || parse(&packets[count++], line)) {
			fprintf(stderr, "verdicts: not understood: %.60s\n", line);
			return 2;
		}
	}
	return 0;
}
