// SPDX-License-Identifier: Apache-2.0
#include "interfaces.h"

#include "fd.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <thread>

namespace skbt {
namespace {

Result<std::vector<Interface>> readIn(int netns) {
  if (setns(netns, CLONE_NEWNET) != 0)
    return errnoError("NETNS_REFUSED", "cannot enter the network namespace", errno);
  struct if_nameindex *list = if_nameindex();
  if (!list)
    return errnoError("NETNS_REFUSED", "cannot list the interfaces", errno);
  std::vector<Interface> interfaces;
  for (const struct if_nameindex *one = list; one->if_index != 0; one++)
    interfaces.push_back({one->if_index, one->if_name});
  if_freenameindex(list);
  return interfaces;
}

} // namespace

Result<std::vector<Interface>> interfacesIn(const std::string &file) {
  const Fd netns(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!netns.valid())
    return errnoError("NETNS_GONE", "cannot open " + file, errno);
  Result<std::vector<Interface>> interfaces = Error{"NETNS_REFUSED", "not read"};
  // a thread of its own, which ends where it is: no other is ever in a namespace that is not its own
  std::thread([&] { interfaces = readIn(netns.get()); }).join();
  return interfaces;
}

} // namespace skbt
