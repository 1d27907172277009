// SPDX-License-Identifier: Apache-2.0
// Sockets whose program does nothing with what comes, for scenarios about what happens then:
//
//   idle udp:PORT[:rcvbuf=BYTES][:refuse]  never read; `refuse`: its filter (SO_ATTACH_FILTER)
//                                          takes no packet
//   idle tcp:PORT[:backlog=N]              connections are never accepted
//
// IPv4, every address. Prints "listening" when all are there and waits until it is ended.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "idle: %s: %s\n", what, strerror(errno));
	return 1;
}

static int refuse_all(int s)
{
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog filter = {.len = 1, .filter = nothing};

	return setsockopt(s, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

static bool open_one(char *word)
{
	char *rest = NULL;
	const char *protocol = strtok_r(word, ":", &rest);
	const char *port = strtok_r(NULL, ":", &rest);
	const bool is_tcp = protocol && strcmp(protocol, "tcp") == 0;
	int backlog = 1;
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)atoi(port ? port : "0"))};
	const int s = socket(AF_INET, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)))
		return false;
	for (const char *option; (option = strtok_r(NULL, ":", &rest)) != NULL;) {
		if (strncmp(option, "rcvbuf=", 7) == 0) {
			const int bytes = atoi(option + 7);

			if (setsockopt(s, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
				return false;
		} else if (strcmp(option, "refuse") == 0) {
			if (refuse_all(s))
				return false;
		} else if (strncmp(option, "backlog=", 8) == 0) {
			backlog = atoi(option + 8);
		} else {
			errno = EINVAL;
			return false;
		}
	}
	return !is_tcp || listen(s, backlog) == 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!open_one(argv[i]))
			return fail(argv[i]);
	puts("listening");
	fflush(stdout);
	pause();
	return 0;
}
