// SPDX-License-Identifier: Apache-2.0
// Takes the ring buffer type away from the whole kernel, as long as it runs:
//
//   ringless OBJECT
//       OBJECT is made of ringless.bpf.c; prints "refusing"
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "ringless: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct bpf_object *object;

	if (argc != 2) {
		fputs("usage: ringless OBJECT\n", stderr);
		return 2;
	}
	object = bpf_object__open(argv[1]);
	if (!object || bpf_object__load(object))
		return fail("load");
	program = bpf_object__next_program(object, NULL);
	if (!program || !bpf_program__attach(program))
		return fail("attach");
	puts("refusing");
	fflush(stdout);
	pause();
	return 0;
}
