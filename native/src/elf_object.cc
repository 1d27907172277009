// SPDX-License-Identifier: Apache-2.0
#include "elf_object.h"

#include <cstring>
#include <elf.h>
#include <string_view>

namespace skbt {
namespace {

// The head of section .BTF.ext: Documentation/bpf/btf.rst of the kernel, and libbpf_internal.h.
struct BtfExtHead {
  uint16_t magic;
  uint8_t version;
  uint8_t flags;
  uint32_t headLength;
  uint32_t functionsAt, functionsLength;
  uint32_t linesAt, linesLength;
  uint32_t relocationsAt, relocationsLength;
};
constexpr uint16_t BTF_MAGIC = 0xeb9f;

template <typename T> bool readAt(const std::vector<uint8_t> &bytes, uint64_t at, T &into) {
  if (at > bytes.size() || sizeof(T) > bytes.size() - at)
    return false;
  std::memcpy(&into, bytes.data() + at, sizeof(T));
  return true;
}

} // namespace

std::vector<uint8_t> withoutRelocations(const void *object, size_t size) {
  const auto *first = static_cast<const uint8_t *>(object);
  std::vector<uint8_t> bytes(first, first + size);
  Elf64_Ehdr head;
  Elf64_Shdr names;
  if (!readAt(bytes, 0, head) || head.e_shentsize != sizeof(Elf64_Shdr) ||
      !readAt(bytes, head.e_shoff + uint64_t{head.e_shstrndx} * sizeof(Elf64_Shdr), names))
    return {};
  constexpr std::string_view WANTED(".BTF.ext\0", 9);
  for (uint64_t i = 0; i < head.e_shnum; i++) {
    Elf64_Shdr section;
    BtfExtHead ext;
    if (!readAt(bytes, head.e_shoff + i * sizeof(section), section))
      return {};
    const uint64_t name = names.sh_offset + section.sh_name;
    if (name > bytes.size() || bytes.size() - name < WANTED.size() ||
        std::memcmp(bytes.data() + name, WANTED.data(), WANTED.size()) != 0)
      continue;
    if (!readAt(bytes, section.sh_offset, ext) || ext.magic != BTF_MAGIC || ext.headLength < sizeof(ext))
      return {};
    ext.relocationsLength = 0;
    std::memcpy(bytes.data() + section.sh_offset, &ext, sizeof(ext));
    return bytes;
  }
  return {};
}

} // namespace skbt
