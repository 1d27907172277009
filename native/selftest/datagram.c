// SPDX-License-Identifier: Apache-2.0
// One end of the doctor's self-test (server/cli/doctor): a process in a network namespace of its
// own, which is gone when the process is. It ends with its standard input, and with its parent.
// Says "ready" once it is there; then each line on its standard input is answered by one:
//
//   receive PORT                                                    "ok"
//       takes UDP datagrams over IPv4 and IPv6; for each that comes it says "received BYTES"
//   send4 FROM TO SPORT DPORT ID TTL TOS MARK PRIORITY BYTES        "ok"
//       a UDP datagram over IPv4, its header written here, so that the IP id is known, too
//   send6 FROM TO SPORT DPORT HOPLIMIT CLASS MARK PRIORITY BYTES    "ok"
//       one over IPv6, out of an ordinary socket
//
// What cannot be done is answered by "failed: WHY".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORDS_MAX 12
#define PAYLOAD_MAX 1024

struct frame {
  struct iphdr ip;
  struct udphdr udp;
  char payload[PAYLOAD_MAX];
} __attribute__((packed));

static bool say(const char *what) {
  puts(what);
  return fflush(stdout) == 0;
}

static bool failed(const char *what) {
  printf("failed: %s: %s\n", what, strerror(errno));
  return fflush(stdout) == 0;
}

static bool set_option(int s, int level, int name, int value) {
  return setsockopt(s, level, name, &value, sizeof(value)) == 0;
}

static uint32_t sum_of(const void *data, size_t size, uint32_t sum) {
  const uint8_t *byte = data;

  for (size_t i = 0; i < size; i++)
    sum += i % 2 ? byte[i] : (uint32_t)byte[i] << 8;
  return sum;
}

// RFC 768: over a pseudo-header, the UDP header and the payload; 0 would mean that there is none.
static uint16_t udp_sum(const struct frame *frame, size_t size) {
  uint32_t sum = IPPROTO_UDP + (uint32_t)size;

  sum = sum_of(&frame->ip.saddr, sizeof(frame->ip.saddr), sum);
  sum = sum_of(&frame->ip.daddr, sizeof(frame->ip.daddr), sum);
  sum = sum_of(&frame->udp, size, sum);
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff ? 0xffff : htons((uint16_t)~sum);
}

static bool send4(char **word) {
  const size_t bytes = strtoul(word[10], NULL, 10) % (PAYLOAD_MAX + 1);
  const size_t size = sizeof(struct udphdr) + bytes;
  struct sockaddr_in to = {.sin_family = AF_INET};
  struct frame frame = {
      .ip =
          {
              .version = 4,
              .ihl = 5,
              .tos = (uint8_t)atoi(word[7]),
              .id = htons((uint16_t)atoi(word[5])),
              .ttl = (uint8_t)atoi(word[6]),
              .protocol = IPPROTO_UDP,
          },
      .udp =
          {
              .source = htons((uint16_t)atoi(word[3])),
              .dest = htons((uint16_t)atoi(word[4])),
              .len = htons((uint16_t)size),
          },
  };
  const int s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  bool sent;

  if (s < 0)
    return failed("raw socket");
  inet_pton(AF_INET, word[1], &frame.ip.saddr);
  inet_pton(AF_INET, word[2], &frame.ip.daddr);
  to.sin_addr.s_addr = frame.ip.daddr;
  memset(frame.payload, 's', bytes);
  frame.udp.check = udp_sum(&frame, size);
  sent = set_option(s, SOL_SOCKET, SO_MARK, atoi(word[8])) && set_option(s, SOL_SOCKET, SO_PRIORITY, atoi(word[9])) &&
         sendto(s, &frame, sizeof(frame.ip) + size, 0, (struct sockaddr *)&to, sizeof(to)) >= 0;
  if (!sent)
    failed("send over IPv4");
  close(s);
  return sent ? say("ok") : true;
}

static bool send6(char **word) {
  const size_t bytes = strtoul(word[9], NULL, 10) % (PAYLOAD_MAX + 1);
  struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(word[3]))};
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(word[4]))};
  const int s = socket(AF_INET6, SOCK_DGRAM, 0);
  char payload[PAYLOAD_MAX];
  bool sent;

  if (s < 0)
    return failed("IPv6 socket");
  inet_pton(AF_INET6, word[1], &from.sin6_addr);
  inet_pton(AF_INET6, word[2], &to.sin6_addr);
  memset(payload, 's', sizeof(payload));
  sent = set_option(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, atoi(word[5])) &&
         set_option(s, IPPROTO_IPV6, IPV6_TCLASS, atoi(word[6])) && set_option(s, SOL_SOCKET, SO_MARK, atoi(word[7])) &&
         set_option(s, SOL_SOCKET, SO_PRIORITY, atoi(word[8])) &&
         bind(s, (struct sockaddr *)&from, sizeof(from)) == 0 &&
         sendto(s, payload, bytes, 0, (struct sockaddr *)&to, sizeof(to)) >= 0;
  if (!sent)
    failed("send over IPv6");
  close(s);
  return sent ? say("ok") : true;
}

// A socket in *receiver, or a word why not.
static bool receive(char **word, int *receiver) {
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(word[1]))};
  const int s = socket(AF_INET6, SOCK_DGRAM, 0);

  if (s < 0 || !set_option(s, IPPROTO_IPV6, IPV6_V6ONLY, 0) || bind(s, (struct sockaddr *)&at, sizeof(at)))
    return failed("receive");
  *receiver = s;
  return say("ok");
}

// False when nobody listens any more.
static bool obey(char *line, int *receiver) {
  char *word[WORDS_MAX], *rest = line;
  int words = 0;

  while (words < WORDS_MAX && (word[words] = strtok_r(rest, " \n", &rest)))
    words++;
  if (words == 11 && strcmp(word[0], "send4") == 0)
    return send4(word);
  if (words == 10 && strcmp(word[0], "send6") == 0)
    return send6(word);
  if (words == 2 && strcmp(word[0], "receive") == 0)
    return receive(word, receiver);
  return say("failed: no such command");
}

int main(void) {
  struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
  char line[256], payload[PAYLOAD_MAX];

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setvbuf(stdin, NULL, _IONBF, 0); // what is read is not kept from poll
  if (unshare(CLONE_NEWNET)) {
    failed("a network namespace of its own");
    return 1;
  }
  if (!say("ready"))
    return 1;
  while (poll(fds, 2, -1) > 0 || errno == EINTR) {
    if (fds[1].revents & POLLIN) {
      const ssize_t bytes = recv(fds[1].fd, payload, sizeof(payload), 0);

      if (bytes >= 0) {
        printf("received %zd\n", bytes);
        fflush(stdout);
      }
    }
    if (fds[0].revents && (!fgets(line, sizeof(line), stdin) || !obey(line, &fds[1].fd)))
      break;
  }
  return 0;
}
