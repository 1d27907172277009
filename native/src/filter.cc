// SPDX-License-Identifier: Apache-2.0
#include "filter.h"

// pcap.h defines struct bpf_insn of classic BPF, <linux/bpf.h> that of eBPF: keep them apart.
#define bpf_insn classic_insn
#include <pcap/pcap.h>
#undef bpf_insn

#include "kernel_shared.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <optional>

namespace skbt {
namespace {

// eBPF registers of a translated program: what classic BPF calls A and X, the packet, and skbt_packet.looked_at.
constexpr __u8 R_RETURN = 0, R_TMP1 = 1, R_TMP2 = 2, R_LOOKED = 3, R_WORD = 4, R_BIT = 5, R_PACKET = 6, R_A = 7,
               R_X = 8, R_AVAIL = 9, R_FRAME = 10;
constexpr int MEMORY_WORDS = BPF_MEMWORDS;
constexpr int WORD_SHIFT = 3, WORD = 1 << WORD_SHIFT; // bytes; as many words as there are to look at are a bit each
static_assert(SKBT_HEAD_BYTES / WORD < 31);
// Labels: r0 = 0 before the end of the slot, and the end itself, where r0 is the answer.
constexpr int LABEL_REJECT = -1, LABEL_END = -2;

class Translator {
public:
  explicit Translator(const bpf_program &program) : program(program), start(program.bf_len + 1, 0) {}

  Result<std::vector<bpf_insn>> run() {
    prologue();
    for (unsigned i = 0; i < program.bf_len; i++) {
      start[i] = static_cast<int>(out.size());
      if (!translate(i, program.bf_insns[i]))
        return Error{"FILTER_UNSUPPORTED", reason};
    }
    const int reject = static_cast<int>(out.size());
    emit(BPF_ALU64 | BPF_MOV | BPF_K, R_RETURN, 0, 0, 0);
    const int end = static_cast<int>(out.size());
    constexpr size_t LENGTH_MAX = SKBT_FILTER_SLOT;
    if (out.size() > LENGTH_MAX)
      return Error{"FILTER_UNSUPPORTED", "the filter is too long: it takes " + std::to_string(out.size()) +
                                             " instructions of at most " + std::to_string(LENGTH_MAX) +
                                             "; use fewer terms"};
    for (const auto &[at, label] : fixups) {
      const int target = label == LABEL_REJECT ? reject : label == LABEL_END ? end : start[label];
      out[at].off = static_cast<__s16>(target - static_cast<int>(at) - 1);
    }
    return std::move(out);
  }

private:
  const bpf_program &program;
  std::vector<bpf_insn> out;
  std::vector<int> start;
  std::vector<std::pair<size_t, int>> fixups;
  std::string reason;

  void emit(int code, __u8 dst, __u8 src, __s16 off, __s32 imm) {
    out.push_back(
        bpf_insn{static_cast<__u8>(code), static_cast<__u8>(dst & 0xf), static_cast<__u8>(src & 0xf), off, imm});
  }
  void jump(int code, __u8 dst, __u8 src, __s32 imm, int label) {
    fixups.emplace_back(out.size(), label);
    emit(code, dst, src, 0, imm);
  }
  void move32(__u8 dst, __u8 src) { emit(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0); }
  void set32(__u8 dst, __u32 value) { emit(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, static_cast<__s32>(value)); }

  void prologue() {
    // r1: the packet, for the verifier perhaps NULL
    emit(BPF_ALU64 | BPF_MOV | BPF_X, R_PACKET, R_TMP1, 0, 0);
    jump(BPF_JMP | BPF_JEQ | BPF_K, R_PACKET, 0, 0, LABEL_REJECT);
    emit(BPF_LDX | BPF_MEM | BPF_W, R_AVAIL, R_PACKET, offsetof(skbt_packet, avail), 0);
    set32(R_A, 0);
    set32(R_X, 0);
    set32(R_LOOKED, 0);
    const bool usesMemory = std::any_of(program.bf_insns, program.bf_insns + program.bf_len, [](const auto &i) {
      const int c = BPF_CLASS(i.code);
      return c == BPF_ST || c == BPF_STX || ((c == BPF_LD || c == BPF_LDX) && BPF_MODE(i.code) == BPF_MEM);
    });
    for (int i = 0; usesMemory && i < MEMORY_WORDS; i++)
      emit(BPF_ST | BPF_MEM | BPF_W, R_FRAME, 0, memoryOffset(i), 0);
  }
  static __s16 memoryOffset(unsigned word) {
    return static_cast<__s16>(-4 * MEMORY_WORDS + 4 * static_cast<int>(word));
  }

  bool refuse(std::string why) {
    reason = std::move(why);
    return false;
  }
  bool refuseReach(__u32 offset) {
    return refuse("the filter looks at byte " + std::to_string(offset) + " of the packet; only the first " +
                  std::to_string(SKBT_HEAD_BYTES) + " can be looked at");
  }

  // dst = `bytes` big-endian bytes at constant offset k, reject when the packet is shorter
  bool loadAbsolute(__u8 dst, __u32 k, int size) {
    const __u32 bytes = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
    if (k > SKBT_HEAD_BYTES - bytes)
      return refuseReach(k);
    jump(BPF_JMP32 | BPF_JLT | BPF_K, R_AVAIL, 0, static_cast<__s32>(k + bytes), LABEL_REJECT);
    emit(BPF_LDX | BPF_MEM | size, dst, R_PACKET, static_cast<__s16>(offsetof(skbt_packet, data) + k), 0);
    emit(BPF_ALU | BPF_OR | BPF_K, R_LOOKED, 0, 0, __s32{1} << (k + bytes - 1) / WORD);
    toHost(dst, size);
    return true;
  }
  // A = bytes at X + k, reject when X alone lies beyond: the sum of an X below zero would be inside again
  void loadIndirect(__u32 k, int size) {
    const __u32 bytes = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
    jump(BPF_JMP32 | BPF_JGT | BPF_K, R_X, 0, SKBT_HEAD_BYTES, LABEL_REJECT);
    move32(R_TMP1, R_X);
    emit(BPF_ALU | BPF_ADD | BPF_K, R_TMP1, 0, 0, static_cast<__s32>(k));
    jump(BPF_JMP | BPF_JGT | BPF_K, R_TMP1, 0, static_cast<__s32>(SKBT_HEAD_BYTES - bytes), LABEL_REJECT);
    emit(BPF_ALU64 | BPF_MOV | BPF_X, R_TMP2, R_TMP1, 0, 0);
    emit(BPF_ALU64 | BPF_ADD | BPF_K, R_TMP2, 0, 0, static_cast<__s32>(bytes));
    jump(BPF_JMP | BPF_JGT | BPF_X, R_TMP2, R_AVAIL, 0, LABEL_REJECT);
    emit(BPF_ALU64 | BPF_MOV | BPF_X, R_TMP2, R_PACKET, 0, 0);
    emit(BPF_ALU64 | BPF_ADD | BPF_X, R_TMP2, R_TMP1, 0, 0);
    emit(BPF_LDX | BPF_MEM | size, R_A, R_TMP2, offsetof(skbt_packet, data), 0);
    toHost(R_A, size);
    move32(R_WORD, R_TMP1);
    emit(BPF_ALU | BPF_ADD | BPF_K, R_WORD, 0, 0, static_cast<__s32>(bytes - 1));
    emit(BPF_ALU | BPF_RSH | BPF_K, R_WORD, 0, 0, WORD_SHIFT);
    set32(R_BIT, 1);
    emit(BPF_ALU | BPF_LSH | BPF_X, R_BIT, R_WORD, 0, 0);
    emit(BPF_ALU | BPF_OR | BPF_X, R_LOOKED, R_BIT, 0, 0);
  }
  void toHost(__u8 dst, int size) {
    if (size != BPF_B)
      emit(BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, size == BPF_W ? 32 : 16);
  }

  bool translate(unsigned index, const classic_insn &in) {
    switch (BPF_CLASS(in.code)) {
    case BPF_LD:
      return load(in);
    case BPF_LDX:
      return loadX(in);
    case BPF_ST:
    case BPF_STX:
      if (in.k >= MEMORY_WORDS)
        return refuse("the filter uses scratch memory that does not exist");
      emit(BPF_STX | BPF_MEM | BPF_W, R_FRAME, BPF_CLASS(in.code) == BPF_ST ? R_A : R_X, memoryOffset(in.k), 0);
      return true;
    case BPF_ALU:
      return arithmetic(in);
    case BPF_JMP:
      return branch(index, in);
    case BPF_RET:
      if (BPF_RVAL(in.code) == BPF_A)
        move32(R_RETURN, R_A);
      else
        set32(R_RETURN, in.k != 0);
      emit(BPF_STX | BPF_MEM | BPF_W, R_PACKET, R_LOOKED, offsetof(skbt_packet, looked_at), 0);
      jump(BPF_JMP | BPF_JA, 0, 0, 0, LABEL_END);
      return true;
    case BPF_MISC:
      BPF_MISCOP(in.code) == BPF_TAX ? move32(R_X, R_A) : move32(R_A, R_X);
      return true;
    }
    return refuse("the filter uses an instruction that is not known");
  }

  bool load(const classic_insn &in) {
    switch (BPF_MODE(in.code)) {
    case BPF_ABS:
      return loadAbsolute(R_A, in.k, BPF_SIZE(in.code));
    case BPF_IND:
      if (in.k >= SKBT_HEAD_BYTES)
        return refuseReach(in.k);
      loadIndirect(in.k, BPF_SIZE(in.code));
      return true;
    case BPF_IMM:
      set32(R_A, in.k);
      return true;
    case BPF_LEN:
      emit(BPF_LDX | BPF_MEM | BPF_W, R_A, R_PACKET, offsetof(skbt_packet, wire_len), 0);
      return true;
    case BPF_MEM:
      if (in.k >= MEMORY_WORDS)
        return refuse("the filter uses scratch memory that does not exist");
      emit(BPF_LDX | BPF_MEM | BPF_W, R_A, R_FRAME, memoryOffset(in.k), 0);
      return true;
    }
    return refuse("the filter uses a load that is not known");
  }

  bool loadX(const classic_insn &in) {
    switch (BPF_MODE(in.code)) {
    case BPF_IMM:
      set32(R_X, in.k);
      return true;
    case BPF_LEN:
      emit(BPF_LDX | BPF_MEM | BPF_W, R_X, R_PACKET, offsetof(skbt_packet, wire_len), 0);
      return true;
    case BPF_MEM:
      if (in.k >= MEMORY_WORDS)
        return refuse("the filter uses scratch memory that does not exist");
      emit(BPF_LDX | BPF_MEM | BPF_W, R_X, R_FRAME, memoryOffset(in.k), 0);
      return true;
    case BPF_MSH: // X = 4 * (packet[k] & 0xf): the length of an IPv4 header
      if (!loadAbsolute(R_X, in.k, BPF_B))
        return false;
      emit(BPF_ALU | BPF_AND | BPF_K, R_X, 0, 0, 0xf);
      emit(BPF_ALU | BPF_LSH | BPF_K, R_X, 0, 0, 2);
      return true;
    }
    return refuse("the filter uses a load that is not known");
  }

  bool arithmetic(const classic_insn &in) {
    const int op = BPF_OP(in.code);
    const bool byX = BPF_SRC(in.code) == BPF_X;
    switch (op) {
    case BPF_NEG:
      emit(BPF_ALU | BPF_NEG, R_A, 0, 0, 0);
      return true;
    case BPF_DIV:
    case BPF_MOD:
      // classic BPF: a division by zero ends the filter without a match
      if (byX)
        jump(BPF_JMP32 | BPF_JEQ | BPF_K, R_X, 0, 0, LABEL_REJECT);
      else if (in.k == 0)
        return refuse("the filter divides by zero");
      break;
    case BPF_LSH:
    case BPF_RSH:
      if (!byX && in.k > 31)
        return refuse("the filter shifts by more than 31 bits");
      if (byX)
        zeroUnlessShiftable();
      break;
    case BPF_ADD:
    case BPF_SUB:
    case BPF_MUL:
    case BPF_OR:
    case BPF_AND:
    case BPF_XOR:
      break;
    default:
      return refuse("the filter uses an operation that is not known");
    }
    emit(BPF_ALU | op | (byX ? BPF_X : BPF_K), R_A, R_X * byX, 0, byX ? 0 : static_cast<__s32>(in.k));
    return true;
  }

  // libpcap: a shift by 32 or more gives 0; eBPF's takes the count modulo 32, which leaves 0 as it is.
  void zeroUnlessShiftable() {
    emit(BPF_JMP32 | BPF_JLE | BPF_K, R_X, 0, 1, 31);
    set32(R_A, 0);
  }

  bool branch(unsigned index, const classic_insn &in) {
    const int op = BPF_OP(in.code);
    const auto target = [&](__u32 offset) { return static_cast<long>(index) + 1 + static_cast<long>(offset); };
    const auto inside = [&](long t) { return t > static_cast<long>(index) && t < static_cast<long>(program.bf_len); };
    if (op == BPF_JA) {
      const long t = static_cast<long>(index) + 1 + static_cast<__s32>(in.k);
      if (!inside(t))
        return refuse("the filter has a loop (protochain), which cannot run in the kernel; name the protocol instead");
      jump(BPF_JMP | BPF_JA, 0, 0, 0, static_cast<int>(t));
      return true;
    }
    if (op != BPF_JEQ && op != BPF_JGT && op != BPF_JGE && op != BPF_JSET)
      return refuse("the filter uses a jump that is not known");
    if (!inside(target(in.jt)) || !inside(target(in.jf)))
      return refuse("the filter jumps out of itself");
    const bool byX = BPF_SRC(in.code) == BPF_X;
    jump(BPF_JMP32 | op | (byX ? BPF_X : BPF_K), R_A, R_X * byX, byX ? 0 : static_cast<__s32>(in.k),
         static_cast<int>(target(in.jt)));
    if (in.jf != 0)
      jump(BPF_JMP | BPF_JA, 0, 0, 0, static_cast<int>(target(in.jf)));
    return true;
  }
};

// libpcap's program of an expression for one link type.
class Classic {
public:
  Classic(const std::string &expression, int linkType) {
    pcap_t *handle = pcap_open_dead(linkType, 262144);
    if (!handle) {
      message = "out of memory";
      return;
    }
    compiled = pcap_compile(handle, &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!compiled)
      message = pcap_geterr(handle);
    pcap_close(handle);
  }
  Classic(const Classic &) = delete;
  Classic &operator=(const Classic &) = delete;
  ~Classic() {
    if (compiled)
      pcap_freecode(&program);
  }
  bool compiled = false;
  std::string message;
  bpf_program program = {};
};

// libpcap's word for an expression that is sound but contradicts itself.
bool rejectsAll(const Classic &classic) { return classic.message.find("rejects all") != std::string::npos; }

bool parses(const std::string &text) {
  const Classic l2(text, DLT_EN10MB);
  const Classic l3(text, DLT_RAW);
  return l2.compiled || l3.compiled || rejectsAll(l2);
}

struct Word {
  size_t begin, end;
};

std::vector<Word> splitWords(const std::string &text) {
  std::vector<Word> words;
  constexpr const char *single = "()[]!&|=<>+-*/";
  const auto isSpace = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  for (size_t i = 0; i < text.size();) {
    if (isSpace(text[i])) {
      i++;
      continue;
    }
    size_t j = i + 1;
    if (!std::strchr(single, text[i]))
      while (j < text.size() && !isSpace(text[j]) && !std::strchr("()[]!&|=<>", text[j]))
        j++;
    else if (j < text.size() && std::strchr("&|=<>", text[j]) && std::strchr("&|=<>!", text[i]))
      j++;
    words.push_back({i, j});
    i = j;
  }
  return words;
}

// libpcap does not say where: the first word after the longest beginning that can still become an
// expression, tried with a few ways to go on.
int errorPosition(const std::string &text, const std::string &message) {
  const std::vector<Word> words = splitWords(text);
  if (words.empty())
    return 0;
  // messages that name the word: unknown host 'x', unknown port 'x', illegal token: x
  for (const char *mark : {"'", "\"", "token: "}) {
    const size_t at = message.find(mark);
    if (at == std::string::npos)
      continue;
    const size_t from = at + std::strlen(mark);
    const size_t to = std::strlen(mark) == 1 ? message.find(mark, from) : message.size();
    if (to == std::string::npos || to == from)
      continue;
    const size_t found = text.find(message.substr(from, to - from));
    if (found != std::string::npos)
      return static_cast<int>(found);
  }
  static constexpr std::array completions = {
      "",     " 1",       " 1.2.3.4",           " host 1.2.3.4", " 1] = 0", "] = 0", " = 0", " 1.2.3.0/24",
      " 1-2", " fe80::1", " 00:11:22:33:44:55", " tcp",          " 0 = 0"};
  size_t viable = 0;
  int depth = 0;
  for (size_t n = 0; n < words.size(); n++) {
    const char c = text[words[n].begin];
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    std::string prefix = text.substr(0, words[n].end);
    const std::string closing(static_cast<size_t>(std::max(depth, 0)), ')');
    const bool can = std::any_of(completions.begin(), completions.end(),
                                 [&](const char *more) { return parses(prefix + more + closing); });
    if (!can)
      return static_cast<int>(words[n].begin);
    viable = words[n].end;
  }
  return static_cast<int>(viable);
}

std::optional<Error> translateInto(const Classic &classic, std::vector<bpf_insn> &into) {
  if (!classic.compiled)
    return std::nullopt;
  auto translated = Translator(classic.program).run();
  if (!translated)
    return translated.error();
  into = std::move(*translated);
  return std::nullopt;
}

ClassicProgram instructionsOf(const Classic &classic) {
  ClassicProgram instructions;
  for (unsigned i = 0; classic.compiled && i < classic.program.bf_len; i++) {
    const classic_insn &in = classic.program.bf_insns[i];
    instructions.push_back({in.code, in.jt, in.jf, in.k});
  }
  return instructions;
}

// Into the slot that begins there: `r0 = 0; program`, and the rest of it is to be taken out.
Cut place(std::vector<bpf_insn> &insns, size_t slot, const std::vector<bpf_insn> &filter) {
  insns[slot] = bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, R_RETURN, 0, 0, 0};
  std::copy(filter.begin(), filter.end(), insns.begin() + static_cast<long>(slot + 1));
  return {slot + 1 + filter.size(), SKBT_FILTER_SLOT - filter.size()};
}

} // namespace

Result<FilterProgram> compileFilter(const std::string &expression) {
  FilterProgram result;
  result.expression = expression;
  if (splitWords(expression).empty())
    return result;
  if (expression.find('\0') != std::string::npos)
    return Error{"FILTER_SYNTAX", "the expression holds a zero byte", static_cast<int>(expression.find('\0'))};
  const Classic l2(expression, DLT_EN10MB);
  const Classic l3(expression, DLT_RAW);
  // Either may fail alone: `ether host …` has no meaning without a MAC header.
  if (!l2.compiled && !l3.compiled && rejectsAll(l2))
    return Error{"FILTER_MATCHES_NOTHING", "no packet can match this expression: it contradicts itself"};
  if (!l2.compiled && !l3.compiled)
    return Error{"FILTER_SYNTAX", l2.message, errorPosition(expression, l2.message)};
  if (auto error = translateInto(l2, result.l2))
    return *error;
  if (auto error = translateInto(l3, result.l3))
    return *error;
  result.prefilter = prefilterOf(instructionsOf(l2), instructionsOf(l3));
  return result;
}

std::vector<Cut> placeFilter(std::vector<bpf_insn> &insns, const FilterProgram &filter, const FilterProgram &inner) {
  const std::array slots = {std::pair(SKBT_FILTER_MARKER_L2, &filter.l2), std::pair(SKBT_FILTER_MARKER_L3, &filter.l3),
                            std::pair(SKBT_FILTER_MARKER_INNER, &inner.l3)};
  std::vector<Cut> unused;
  for (size_t i = 0; i + SKBT_FILTER_SLOT + 1 < insns.size(); i++) {
    if (insns[i].code != (BPF_ALU64 | BPF_MOV | BPF_K) && insns[i].code != (BPF_ALU | BPF_MOV | BPF_K))
      continue;
    for (const auto &[marker, program] : slots)
      if (insns[i].imm == marker)
        unused.push_back(place(insns, i, *program));
  }
  return unused;
}

} // namespace skbt
