// SPDX-License-Identifier: Apache-2.0
#include "networks.h"

#include "fd.h"
#include "sum.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <type_traits>
#include <unordered_set>

namespace skbt {
namespace {

// The kernel fills what the last read had room for, 32 KiB at most.
constexpr size_t ROOM = 32 << 10;

// A part of a message, as long as its buffer is not read into again.
struct Bytes {
  const uint8_t *data = nullptr;
  size_t size = 0;

  template <typename T> bool read(T &into) const {
    if (size < sizeof(into))
      return false;
    std::memcpy(&into, data, sizeof(into));
    return true;
  }
  Bytes from(size_t at) const { return at < size ? Bytes{data + at, size - at} : Bytes{}; }
  std::string_view text() const {
    const auto *chars = reinterpret_cast<const char *>(data);
    return {chars, size == 0 ? 0 : strnlen(chars, size)};
  }
};

constexpr size_t aligned(size_t size) { return (size + NLA_ALIGNTO - 1) & ~size_t{NLA_ALIGNTO - 1}; }

// Calls `visit(type, value)` for each attribute.
template <typename Visit> void eachAttribute(Bytes bytes, Visit visit) {
  nlattr head;
  while (bytes.read(head) && head.nla_len >= sizeof(head) && head.nla_len <= bytes.size) {
    visit(static_cast<uint16_t>(head.nla_type & NLA_TYPE_MASK),
          Bytes{bytes.data + sizeof(head), head.nla_len - sizeof(head)});
    bytes = bytes.from(aligned(head.nla_len));
  }
}

class Sum {
public:
  void add(Bytes bytes) {
    const uint64_t size = bytes.size; // where one ends and the next begins is part of it
    value = sumOf(value, reinterpret_cast<const uint8_t *>(&size), sizeof(size));
    value = sumOf(value, bytes.data, bytes.size);
  }
  template <typename T> void add(const T &number) {
    static_assert(std::is_arithmetic_v<T>);
    add(Bytes{reinterpret_cast<const uint8_t *>(&number), sizeof(number)});
  }
  void add(uint16_t type, Bytes attribute) {
    add(type);
    add(attribute);
  }
  std::string text() const {
    std::array<char, 20> hex = {};
    std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(value));
    return hex.data();
  }

private:
  uint64_t value = SUM_BASIS;
};

// What is drawn of kinds that tell timers and counts among their own data. Of all others everything counts.
constexpr std::array BRIDGE = {uint16_t{IFLA_BR_VLAN_FILTERING}};
constexpr std::array BRIDGE_PORT = {uint16_t{IFLA_BRPORT_STATE}, uint16_t{IFLA_BRPORT_MODE},
                                    uint16_t{IFLA_BRPORT_GUARD}, uint16_t{IFLA_BRPORT_ISOLATED},
                                    uint16_t{IFLA_BRPORT_LOCKED}};
constexpr std::array BOND_PORT = {uint16_t{IFLA_BOND_SLAVE_STATE}};

template <size_t N> void addOf(Sum &sum, Bytes data, const std::array<uint16_t, N> &types) {
  eachAttribute(data, [&](uint16_t type, Bytes value) {
    if (std::find(types.begin(), types.end(), type) != types.end())
      sum.add(type, value);
  });
}

// Kind and data of an interface, and of it as a port of another.
void addKinds(Sum &sum, Bytes info) {
  std::string_view kind;
  std::string_view portKind;
  Bytes data;
  Bytes portData;
  eachAttribute(info, [&](uint16_t type, Bytes value) {
    if (type == IFLA_INFO_KIND)
      kind = value.text();
    else if (type == IFLA_INFO_SLAVE_KIND)
      portKind = value.text();
    else if (type == IFLA_INFO_DATA)
      data = value;
    else if (type == IFLA_INFO_SLAVE_DATA)
      portData = value;
  });
  for (const std::string_view name : {kind, portKind})
    sum.add(Bytes{reinterpret_cast<const uint8_t *>(name.data()), name.size()});
  if (kind == "bridge")
    addOf(sum, data, BRIDGE);
  else
    sum.add(data);
  if (portKind == "bridge")
    addOf(sum, portData, BRIDGE_PORT);
  else if (portKind == "bond")
    addOf(sum, portData, BOND_PORT);
  else
    sum.add(portData);
}

void addLink(Network &network, Sum &sum, Bytes message) {
  ifinfomsg head;
  if (!message.read(head))
    return;
  sum.add(head.ifi_index);
  sum.add(head.ifi_type);
  sum.add(head.ifi_flags & (IFF_UP | IFF_LOWER_UP));
  eachAttribute(message.from(sizeof(head)), [&](uint16_t type, Bytes value) {
    if (type == IFLA_IFNAME)
      network.interfaces.push_back({static_cast<uint32_t>(head.ifi_index), std::string(value.text())});
    if (type == IFLA_LINKINFO)
      addKinds(sum, value);
    else if (type == IFLA_IFNAME || type == IFLA_ADDRESS || type == IFLA_MTU || type == IFLA_LINK ||
             type == IFLA_LINK_NETNSID || type == IFLA_MASTER)
      sum.add(type, value);
  });
}

void addAddress(Sum &sum, Bytes message) {
  ifaddrmsg head;
  if (!message.read(head))
    return;
  sum.add(head.ifa_index);
  sum.add(head.ifa_prefixlen);
  eachAttribute(message.from(sizeof(head)), [&](uint16_t type, Bytes value) {
    if (type == IFA_ADDRESS || type == IFA_LOCAL)
      sum.add(type, value);
  });
}

void addNamespaceId(Sum &sum, Bytes message) {
  eachAttribute(message.from(aligned(sizeof(rtgenmsg))), [&](uint16_t type, Bytes value) {
    if (type == NETNSA_NSID)
      sum.add(type, value);
  });
}

// False behind the default routes: a table is told in the order of its prefixes, and 0.0.0.0 is the first.
bool addRoute(Sum &sum, Bytes message) {
  rtmsg head;
  if (!message.read(head))
    return true;
  bool isFirst = true;
  eachAttribute(message.from(sizeof(head)), [&](uint16_t type, Bytes value) {
    if (type == RTA_DST)
      isFirst = std::all_of(value.data, value.data + value.size, [](uint8_t byte) { return byte == 0; });
  });
  if (!isFirst)
    return false;
  if (head.rtm_dst_len > 0)
    return true;
  sum.add(head.rtm_type);
  eachAttribute(message.from(sizeof(head)), [&](uint16_t type, Bytes value) {
    if (type != RTA_CACHEINFO)
      sum.add(type, value);
  });
  return true;
}

// A socket in the namespace that this thread is in.
class Routing {
public:
  Routing() : fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)), room(ROOM) {
    // without it the kernel tells routes of all tables
    const int on = 1;
    isOpen = fd.valid() && setsockopt(fd.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) == 0;
  }

  // Asks for all objects of a type; `each(message)` gets what is behind each message's head, and says whether to go on:
  // where it does not, no other dump can follow. 0, or an errno.
  template <typename Request, typename Each> int dump(uint16_t type, const Request &request, Each each) {
    struct {
      nlmsghdr head;
      Request request;
    } question = {};
    question.head.nlmsg_len = sizeof(question);
    question.head.nlmsg_type = type;
    question.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.request = request;
    if (!isOpen || send(fd.get(), &question, sizeof(question), 0) < 0)
      return EBADF;
    for (;;) {
      const ssize_t size = recv(fd.get(), room.data(), room.size(), 0);
      if (size < 0 && errno == EINTR)
        continue;
      if (size <= 0)
        return size < 0 ? errno : EPROTO;
      Bytes left{room.data(), static_cast<size_t>(size)};
      nlmsghdr head;
      while (left.read(head) && head.nlmsg_len >= sizeof(head) && head.nlmsg_len <= left.size) {
        const Bytes message{left.data + sizeof(head), head.nlmsg_len - sizeof(head)};
        if (head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR) {
          int error = 0; // negative, first in both
          return message.read(error) ? -error : 0;
        }
        if (!each(message))
          return 0;
        left = left.from(aligned(head.nlmsg_len));
      }
    }
  }

private:
  Fd fd;
  bool isOpen = false;
  std::vector<uint8_t> room;
};

struct LinkRequest {
  ifinfomsg head;
  nlattr attribute;
  uint32_t mask;
};

struct NamespaceIdRequest {
  rtgenmsg head;
  std::array<uint8_t, 3> padding;
};

// Of the namespace that this thread is in.
std::optional<Network> lookAround() {
  Network network;
  Sum sum;
  Routing routing;
  LinkRequest links = {};
  links.attribute = {sizeof(nlattr) + sizeof(uint32_t), IFLA_EXT_MASK};
  links.mask = RTEXT_FILTER_SKIP_STATS; // which are most of the work, and of the answer
  const auto all = [](auto add) {
    return [add](Bytes message) {
      add(message);
      return true;
    };
  };
  if (routing.dump(RTM_GETLINK, links, all([&](Bytes message) { addLink(network, sum, message); })) != 0)
    return std::nullopt;
  const int addresses = routing.dump(RTM_GETADDR, ifaddrmsg{}, all([&](Bytes message) { addAddress(sum, message); }));
  const int ids =
      routing.dump(RTM_GETNSID, NamespaceIdRequest{}, all([&](Bytes message) { addNamespaceId(sum, message); }));
  rtmsg table = {};
  table.rtm_family = AF_INET;
  table.rtm_table = RT_TABLE_MAIN;
  const int routes = routing.dump(RTM_GETROUTE, table, [&](Bytes message) { return addRoute(sum, message); });
  // there is no table where there never was a route
  if (addresses == 0 && ids == 0 && (routes == 0 || routes == ENOENT))
    network.key = sum.text();
  return network;
}

// Calls `visit(folder, name)` for each entry; none when it cannot be read.
template <typename Visit> void eachEntry(const char *folder, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR *)> opened(opendir(folder), closedir);
  while (const dirent *entry = opened ? readdir(opened.get()) : nullptr)
    visit(dirfd(opened.get()), entry->d_name);
}

std::vector<NetworkPlaces::Named> namedIn(const char *folder) {
  std::vector<NetworkPlaces::Named> named;
  eachEntry(folder, [&](int in, const char *name) {
    struct stat file;
    if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0 && fstatat(in, name, &file, 0) == 0)
      named.push_back({file.st_ino, name});
  });
  std::sort(named.begin(), named.end(), [](const auto &a, const auto &b) { return a.name < b.name; });
  return named;
}

std::vector<NetworkPlaces::Process> networksOfProcesses() {
  std::vector<NetworkPlaces::Process> processes;
  std::unordered_set<uint64_t> seen;
  eachEntry("/proc", [&](int in, const char *name) {
    char *end = nullptr;
    const unsigned long pid = std::strtoul(name, &end, 10);
    if (pid == 0 || *end != '\0')
      return;
    // what the link says is its inode: to follow it would make the kernel look for, or make, that
    std::array<char, 64> target = {};
    unsigned long long inode = 0;
    if (readlinkat(in, (std::string(name) + "/ns/net").c_str(), target.data(), target.size() - 1) > 0 &&
        std::sscanf(target.data(), "net:[%llu]", &inode) == 1 && seen.insert(inode).second)
      processes.push_back({inode, static_cast<uint32_t>(pid)});
  });
  return processes;
}

} // namespace

std::vector<std::optional<Network>> networksAt(const std::vector<std::string> &files) {
  std::vector<std::optional<Network>> networks(files.size());
  // a thread of its own, which ends where it is: no other is ever in a namespace that is not its own
  std::thread([&] {
    for (size_t i = 0; i < files.size(); i++) {
      const Fd netns(open(files[i].c_str(), O_RDONLY | O_CLOEXEC));
      if (netns.valid() && setns(netns.get(), CLONE_NEWNET) == 0)
        networks[i] = lookAround();
    }
  }).join();
  return networks;
}

NetworkPlaces networkPlaces(const std::string &folder) { return {namedIn(folder.c_str()), networksOfProcesses()}; }

} // namespace skbt
