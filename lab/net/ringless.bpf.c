// SPDX-License-Identifier: GPL-2.0-only
// The kernel as it was before it had ring buffers: making a map of that type is refused with
// EINVAL, whoever asks. security_bpf(cmd, attr, size) is asked before any command of bpf(2) is
// carried out.
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>

SEC("fmod_ret/security_bpf")
int ringless(__u64 *ctx)
{
	const union bpf_attr *attr = (const union bpf_attr *)ctx[1];
	const int before = (int)ctx[3]; // what was returned already
	__u32 type = 0;

	if (before || ctx[0] != BPF_MAP_CREATE)
		return before;
	bpf_probe_read_kernel(&type, sizeof(type), &attr->map_type);
	return type == BPF_MAP_TYPE_RINGBUF ? -EINVAL : 0;
}

char LICENSE[] SEC("license") = "GPL";
