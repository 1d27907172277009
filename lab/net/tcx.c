// SPDX-License-Identifier: Apache-2.0
// Attaches a program of programs.bpf.c by tcx, which iproute2 cannot:
//
//   tcx OBJECT PROGRAM DEVICE ingress|egress
//       prints "attached", and takes it away when it is ended. Exit status 3: this kernel has no
//       tcx
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// since 6.6, and so not in every <linux/bpf.h>
#define BPF_TCX_INGRESS_ 46
#define BPF_TCX_EGRESS_ 47
#define NO_TCX 3

static int fail(const char *what)
{
	fprintf(stderr, "tcx: %s: %s\n", what, strerror(errno));
	return errno == EINVAL ? NO_TCX : 1;
}

int main(int argc, char **argv)
{
	struct bpf_program *program, *wanted;
	struct bpf_object *object;
	union bpf_attr attr;

	if (argc != 5) {
		fputs("usage: tcx OBJECT PROGRAM DEVICE ingress|egress\n", stderr);
		return 2;
	}
	object = bpf_object__open(argv[1]);
	wanted = object ? bpf_object__find_program_by_name(object, argv[2]) : NULL;
	if (!wanted)
		return fail(argv[2]);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, program == wanted);
	bpf_program__set_type(wanted, BPF_PROG_TYPE_SCHED_CLS);
	if (bpf_object__load(object))
		return fail("load");
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (__u32)bpf_program__fd(wanted);
	attr.link_create.target_ifindex = if_nametoindex(argv[3]);
	attr.link_create.attach_type =
		strcmp(argv[4], "egress") == 0 ? BPF_TCX_EGRESS_ : BPF_TCX_INGRESS_;
	if (syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr)) < 0)
		return fail("attach");
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
