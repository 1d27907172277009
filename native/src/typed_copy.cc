// SPDX-License-Identifier: Apache-2.0
#include "typed_copy.h"

#include "result.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace skbt {
namespace {

// Linux's ENOTSUPP, which is no errno of user space.
constexpr int NOT_SUPPORTED = 524;

// What the verifier says last, but for how much it has looked at.
std::string lastLine(std::string_view log) {
  std::string_view last;
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(log.size(), line.size() + 1));
    if (!line.empty() && !line.starts_with("processed ") && !line.starts_with("verification time"))
      last = line;
  }
  return std::string(last);
}

} // namespace

Pattern patternOf(const bpf_program *program) {
  const bpf_insn *first = bpf_program__insns(program);
  return {bpf_program__name(program), {first, first + bpf_program__insn_cnt(program)}, {}, 0, Fd()};
}

Pattern patternOf(const bpf_object *object, const char *name) {
  return patternOf(bpf_object__find_program_by_name(object, name));
}

std::string copyRefusal(int err) {
  if (err == NOT_SUPPORTED)
    return "this kernel calls no typed program there: too many arguments (errno " + std::to_string(err) + ")";
  return errnoText(err);
}

Fd loadCopy(const Pattern &pattern, const CopyTarget &target, bpf_attach_type attach, std::string *why) {
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  opts.expected_attach_type = attach;
  opts.attach_btf_id = target.btfId;
  if (target.module >= 0)
    opts.attach_btf_obj_fd = static_cast<__u32>(target.module);
  if (target.program >= 0)
    opts.attach_prog_fd = static_cast<__u32>(target.program);
  if (pattern.functionSize > 0) {
    opts.prog_btf_fd = static_cast<__u32>(pattern.types.get());
    opts.func_info = pattern.functions.data();
    opts.func_info_rec_size = pattern.functionSize;
    opts.func_info_cnt = static_cast<__u32>(pattern.functions.size() / pattern.functionSize);
  }
  const auto load = [&] {
    return Fd(bpf_prog_load(BPF_PROG_TYPE_TRACING, pattern.name.c_str(), "GPL", pattern.insns.data(),
                            pattern.insns.size(), &opts));
  };
  Fd copy = load();
  if (copy.valid() || !why)
    return copy;
  const int err = errno;
  // once more, to be told why; a log that is too short says that, and not what is wrong
  std::array<char, 1 << 16> log = {};
  opts.log_buf = log.data();
  opts.log_size = log.size();
  opts.log_level = 1;
  copy = load();
  if (copy.valid())
    return copy;
  *why = copyRefusal(err);
  if (const std::string line = lastLine(log.data()); !line.empty())
    *why += ": " + line;
  return copy;
}

int attachCopy(const Fd &copy, Fd &link) {
  link = Fd(bpf_raw_tracepoint_open(nullptr, copy.get()));
  return link.valid() ? 0 : errno;
}

} // namespace skbt
