// SPDX-License-Identifier: Apache-2.0
// A program that does nothing on many functions: what the kernel's own part of a probe costs.
//
//   empty < names of functions
//       prints "attached N" and stays until a signal ends it. By kprobe.multi where the kernel has
//       it, else by single kprobes.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FUNCTIONS_MAX 8192
#define ATTACH_KPROBE_MULTI ((enum bpf_attach_type)42)

static char names[FUNCTIONS_MAX][128];
static unsigned long addresses[FUNCTIONS_MAX];

static int compare(const void *a, const void *b) { return strcmp(a, b); }

// Functions that kallsyms has more than once stay out: which one is meant is not known.
static int resolve(int count) {
  char line[512], name[128], module[128];
  unsigned char seen[FUNCTIONS_MAX] = {0};
  unsigned long address;
  FILE *symbols = fopen("/proc/kallsyms", "re");
  int found = 0;

  if (!symbols)
    return -1;
  while (fgets(line, sizeof(line), symbols)) {
    char type;
    const char(*at)[128];

    if (sscanf(line, "%lx %c %127s %127s", &address, &type, name, module) < 3)
      continue;
    at = bsearch(name, names, (size_t)count, sizeof(names[0]), compare);
    if (!at)
      continue;
    seen[at - names]++;
    addresses[at - names] = address;
  }
  fclose(symbols);
  for (int i = 0; i < count; i++)
    if (seen[i] == 1)
      addresses[found++] = addresses[i];
  return found;
}

static int load(enum bpf_attach_type attach) {
  const struct bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);

  return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "bench_empty", "GPL", nothing, 2, &opts);
}

static int attach_multi(int program, int from, int count) {
  LIBBPF_OPTS(bpf_link_create_opts, opts);
  int done;

  if (count == 0)
    return 0;
  opts.kprobe_multi.cnt = (__u32)count;
  opts.kprobe_multi.addrs = addresses + from;
  if (bpf_link_create(program, 0, ATTACH_KPROBE_MULTI, &opts) >= 0)
    return count;
  if (count == 1)
    return 0;
  done = attach_multi(program, from, count / 2);
  return done + attach_multi(program, from + count / 2, count - count / 2);
}

static int attach_single(int program, int count) {
  int type = -1, done = 0;
  FILE *file = fopen("/sys/bus/event_source/devices/kprobe/type", "re");

  if (!file || fscanf(file, "%d", &type) != 1)
    return 0;
  fclose(file);
  for (int i = 0; i < count; i++) {
    struct perf_event_attr attr = {.size = sizeof(attr), .type = (__u32)type};
    LIBBPF_OPTS(bpf_link_create_opts, opts);
    int event;

    attr.config2 = addresses[i];
    event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
    if (event < 0)
      continue;
    if (bpf_link_create(program, event, BPF_PERF_EVENT, &opts) >= 0 && ioctl(event, PERF_EVENT_IOC_ENABLE, 0) == 0)
      done++;
  }
  return done;
}

int main(void) {
  int count = 0, done = 0, program;

  while (count < FUNCTIONS_MAX && scanf("%127s", names[count]) == 1)
    count++;
  qsort(names, (size_t)count, sizeof(names[0]), compare);
  count = resolve(count);
  program = load(ATTACH_KPROBE_MULTI);
  if (program >= 0)
    done = attach_multi(program, 0, count);
  if (done == 0) {
    program = load((enum bpf_attach_type)0);
    done = attach_single(program, count);
  }
  if (done == 0) {
    fprintf(stderr, "empty: no probe: %s\n", strerror(errno));
    return 1;
  }
  printf("attached %d\n", done);
  fflush(stdout);
  pause();
  return 0;
}
