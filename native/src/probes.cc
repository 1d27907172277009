// SPDX-License-Identifier: Apache-2.0
#include "probes.h"

#include "entry.h"
#include "hot_functions.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <iterator>
#include <map>
#include <poll.h>
#include <sys/mman.h>

namespace skbt {
namespace {

constexpr const char *BYTES = ".bss";
// A gate is waited for that long: as many as there are can be in use only when probes are switched much faster than the
// kernel detaches them.
constexpr int GATE_WAIT_MS = 10'000;
constexpr int GATE_LOOK_MS = 10;

// Where a variable is in the object's .bss, -1 when there is none.
int32_t placeOf(const bpf_object *object, const char *variable) {
  const btf *types = bpf_object__btf(object);
  const int section = btf__find_by_name_kind(types, BYTES, BTF_KIND_DATASEC);
  const btf_type *data = section < 0 ? nullptr : btf__type_by_id(types, static_cast<uint32_t>(section));
  for (uint32_t i = 0; data && i < btf_vlen(data); i++) {
    const btf_var_secinfo &info = btf_var_secinfos(data)[i];
    const btf_type *type = btf__type_by_id(types, info.type);
    if (type && std::strcmp(btf__name_by_offset(types, type->name_off), variable) == 0)
      return static_cast<int32_t>(info.offset);
  }
  return -1;
}

// Of a variable of that map.
bool loadsAddress(const bpf_insn &insn, int map) {
  return insn.code == (BPF_LD | BPF_IMM | BPF_DW) && insn.src_reg == BPF_PSEUDO_MAP_VALUE && insn.imm == map;
}

bool isProgram(const Function *one) { return one->end != ProgramEnd::None; }

bool isOther(const Function *one) { return one->argument == 0; }
bool isEnd(const Function *one) { return (one->flags & SKBT_PROBE_END) != 0; }

// Ends of programs that are probed at once: each has a copy, with all that a hop takes.
constexpr size_t COPIES_MAX = 1024;

// Few probes of a kind are not worth a link of their own: they go to those whose kind is found at each hit.
constexpr size_t KIND_LEAST = 64;
constexpr size_t HOT_LEAST = 8; // every packet passes them
// Those on an skb that is made, or whose memory goes back, are few, and every packet passes them.
constexpr size_t PASSIVE_LEAST = 16;

// Those with a typed program that every packet passes, or many do. Few, for each prototype takes a hop program.
constexpr std::array PASSED = {
    "skb_release_head_state", "__consume_stateless_skb", "skb_attempt_defer_free", "skb_clone",
    // without sessions:
    "nf_hook_slow", "nf_conntrack_in", "__dev_queue_xmit", "enqueue_to_backlog", "ip_route_input_noref",
    "sk_filter_trim_cap", "__udp_enqueue_schedule_skb", "__sock_queue_rcv_skb"};

// Not those that every packet ends with: PASSED has them.
bool isHotFunction(const Function *one) {
  return !isOther(one) && !isEnd(one) && (one->flags & SKBT_PROBE_INDIRECT) == 0 && isHot(one->name);
}

bool isPassed(const Function *one) {
  return !isOther(one) && std::find(PASSED.begin(), PASSED.end(), one->name) != PASSED.end();
}

// Once for each function: of programs of a name, several may refuse.
void refuse(std::vector<Attachment::Refusal> &refused, Attachment::Refusal one) {
  if (std::none_of(refused.begin(), refused.end(), [&](const auto &other) { return other.id == one.id; }))
    refused.push_back(std::move(one));
}

void add(Probes::Counts &sum, const Probes::Counts &one) {
  sum.misses += one.misses;
  sum.runs += one.runs;
  sum.timeNs += one.timeNs;
}

} // namespace

// The sessions' program is counted as one of the object's, of which only the kernel knows what it has missed.
Probes::Counts Probes::countsOf(const Batch &batch) {
  Counts counts;
  if (batch.isSessions) {
    for (const Held &one : batch.held)
      counts.misses += missedReturns(one.fd.get());
    return counts;
  }
  for (const Fd &program : batch.programs) {
    bpf_prog_info info = {};
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(program.get(), &info, &length) == 0)
      add(counts, {info.recursion_misses, info.run_cnt, info.run_time_ns});
  }
  return counts;
}

Result<std::unique_ptr<Probes>> Probes::make(const bpf_object *object, Backend backend, int sessionFd,
                                             const std::vector<Session> &sessions, ProbePart ends,
                                             ProbePatterns patterns) {
  std::unique_ptr<Probes> probes(new Probes());
  probes->pattern = std::move(patterns.program);
  probes->backend = backend;
  probes->ends = std::move(ends);
  if (auto done = probes->findBytes(object); !done)
    return done.error();
  if (auto done = probes->findEntry(object); !done)
    return done.error();
  probes->typedPlaces = bpf_object__find_map_fd_by_name(object, "typed_places");
  probes->typed = std::make_unique<TypedProbes>(
      std::move(patterns.typed), std::move(patterns.indirect),
      TypedSwitches{bpf_object__find_map_fd_by_name(object, BYTES), probes->gatesAt, probes->mutedAt});
  const uint32_t zero = 0;
  probes->waitInner = Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "skbt_wait", sizeof(zero), sizeof(zero), 1, nullptr));
  LIBBPF_OPTS(bpf_map_create_opts, opts);
  opts.inner_map_fd = static_cast<__u32>(probes->waitInner.get());
  probes->waitOuter = Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "skbt_wait", sizeof(zero), sizeof(zero), 1, &opts));
  if (!probes->waitOuter.valid())
    return errnoError("LOAD_FAILED", "cannot make a map of maps", errno);
  if (auto done = probes->attachCalls(sessionFd, sessions); !done)
    return done.error();
  return probes;
}

// Muted as probes, until set() wants them.
Status Probes::attachCalls(int sessionFd, const std::vector<Session> &sessions) {
  if (sessions.empty())
    return Done{};
  auto made = makeBatch(); // nobody looks at its gate
  if (!made)
    return made.error();
  auto batch = std::move(*made);
  batch->isSessions = true;
  batch->programs.emplace_back(fcntl(sessionFd, F_DUPFD_CLOEXEC, 0));
  for (const Session &one : sessions) {
    mutedByte(one.function->id) = 1;
    knowCookie(*one.function, cookieOf(one));
  }
  Attachment attachment = attachSessions(sessionFd, sessions);
  batch->held = std::move(attachment.held);
  batch->ids = std::move(attachment.ids);
  refusals = std::move(attachment.refused);
  batches.push_back(std::move(batch));
  return Done{};
}

Status Probes::findBytes(const bpf_object *object) {
  const bpf_map *map = bpf_object__find_map_by_name(object, BYTES);
  gatesAt = placeOf(object, "gates");
  mutedAt = placeOf(object, "muted");
  notingAt = placeOf(object, "skbt_noting");
  spansAt = placeOf(object, "spans");
  knownAt = placeOf(object, "known_cookies");
  if (!map || gatesAt < 0 || mutedAt < 0 || notingAt < 0 || spansAt < 0 || knownAt < 0)
    return Error{"LOAD_FAILED", "the eBPF object lacks the switches of probes"};
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  bytesSize = (bpf_map__value_size(map) + page - 1) / page * page;
  void *mapped = mmap(nullptr, bytesSize, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (mapped == MAP_FAILED)
    return errnoError("LOAD_FAILED", "cannot map the switches of probes", errno);
  bytes = static_cast<volatile uint8_t *>(mapped);
  return Done{};
}

// The entry program as it was loaded: its maps are file descriptors by now.
Status Probes::findEntry(const bpf_object *object) {
  const int map = bpf_object__find_map_fd_by_name(object, BYTES);
  if (backend == Backend::Fentry)
    return Done{};
  entry = patternOf(object, ENTRY_PROGRAM).insns;
  size_t found = 0;
  for (size_t i = 0; i + 1 < entry.size(); i++)
    if (loadsAddress(entry[i], map) && entry[i + 1].imm == gatesAt) {
      gateInsn = i + 1;
      found++;
    }
  if (found != 1)
    return Error{"LOAD_FAILED", "the entry program does not read its gate once"};
  return Done{};
}

Probes::~Probes() {
  if (bytes)
    munmap(const_cast<uint8_t *>(bytes), bytesSize);
}

Result<uint32_t> Probes::takeGate() {
  for (int waited = 0; waited <= GATE_WAIT_MS; waited += GATE_LOOK_MS) {
    {
      const std::lock_guard guard(gates->lock);
      for (uint32_t gate = 0; gate < SKBT_GATES; gate++)
        if (!gates->used[gate]) {
          gates->used[gate] = true;
          return gate;
        }
    }
    poll(nullptr, 0, GATE_LOOK_MS);
    detaching(); // frees what was closed meanwhile
  }
  return Error{"PROBES_BUSY", "probes are switched faster than the kernel detaches them; wait until it is done"};
}

// The copy that the batch's probes share.
Status Probes::loadEntry(Batch &batch, const Kind &kind) const {
  std::vector<bpf_insn> insns = entry;
  insns[gateInsn].imm = gatesAt + static_cast<int32_t>(batch.gate);
  const uint32_t counted = kind.isHot ? SKBT_PROBE_COUNTED : 0;
  const bool isKnown = kind.argument != 0 ? makeEntry(insns, kind.argument, kind.flags | counted)
                                          : makeEntry(insns, 1, SKBT_PROBE_BY_COOKIE | counted);
  if (!isKnown)
    return Error{"LOAD_FAILED", "the entry program is not what is known here"};
  LIBBPF_OPTS(bpf_prog_load_opts, opts);
  if (backend == Backend::KprobeMulti)
    opts.expected_attach_type = BPF_TRACE_KPROBE_MULTI;
  Fd program(bpf_prog_load(BPF_PROG_TYPE_KPROBE, ENTRY_PROGRAM, "GPL", insns.data(), insns.size(), &opts));
  if (!program.valid())
    return errnoError("LOAD_FAILED", "the kernel refuses a copy of the entry program", errno);
  batch.programs.push_back(std::move(program));
  return Done{};
}

// With its gate shut.
Result<std::unique_ptr<Probes::Batch>> Probes::makeBatch() {
  auto gate = takeGate();
  if (!gate)
    return gate.error();
  auto batch = std::make_unique<Batch>();
  batch->gate = *gate;
  setGate(*gate, SKBT_GATE_SHUT);
  return batch;
}

Result<std::unique_ptr<Probes::Batch>> Probes::attach(const Kind &kind, const ProbePart &functions,
                                                      std::vector<Attachment::Refusal> &refused) {
  auto made = makeBatch();
  if (!made)
    return made.error();
  auto batch = std::move(*made);
  batch->isOther = kind.isOther;
  Attachment attachment;
  if (kind.isOther && backend == Backend::Fentry) {
    // what calls them is found on kprobes
    for (const Function *one : functions)
      attachment.refused.push_back({one->id, one->name, "by typed probes, functions that take no skb are not told"});
  } else if (kind.isTyped) {
    attachment = typed->attach(batch->gate, functions, batch->programs);
  } else {
    if (auto done = loadEntry(*batch, kind); !done) {
      discard(std::move(batch));
      return done.error();
    }
    if (backend == Backend::KprobeMulti)
      for (const Function *one : functions)
        knowCookie(*one, cookieOf(*one));
    attachment = attachAll(batch->programs.front().get(), backend, functions);
  }
  batch->hasEnds = std::any_of(functions.begin(), functions.end(), isEnd);
  batch->held = std::move(attachment.held);
  batch->ids = std::move(attachment.ids);
  if (kind.isHot)
    for (const Function *one : functions)
      if (std::find(batch->ids.begin(), batch->ids.end(), one->id) != batch->ids.end())
        batch->hot.push_back(*one);
  std::move(attachment.refused.begin(), attachment.refused.end(), std::back_inserter(refused));
  return batch;
}

std::map<Kind, ProbePart> Probes::byKind(const ProbePart &functions) const {
  std::map<Kind, ProbePart> kinds;
  for (const Function *one : functions) {
    if (isProgram(one))
      continue;
    const bool isTyped = !isOther(one) && (backend == Backend::Fentry || isPassed(one));
    const bool isHotOne = !isTyped && isHotFunction(one) && typed->takes(*one);
    const bool isKnown = !isTyped && (one->flags == 0 || (one->flags == SKBT_PROBE_PASSIVE && one->argument == 1));
    kinds[{isKnown ? one->argument : 0, isKnown ? one->flags : 0, isOther(one), isTyped, isHotOne}].push_back(one);
  }
  for (auto it = kinds.begin(); it != kinds.end();) {
    const size_t least = it->first.isHot ? HOT_LEAST : it->first.flags == 0 ? KIND_LEAST : PASSIVE_LEAST;
    if (it->first.argument == 0 || it->second.size() >= least) {
      ++it;
      continue;
    }
    ProbePart &others = kinds[Kind{.isHot = it->first.isHot}];
    others.insert(others.end(), it->second.begin(), it->second.end());
    it = kinds.erase(it);
  }
  return kinds;
}

// By the function's address, unless that place is another's; of a session, what else is told of its function has
// nothing that differs. Who reads it meanwhile sees an address only when its cookie is there.
void Probes::knowCookie(const Function &function, uint64_t cookie) {
  auto *all = reinterpret_cast<volatile skbt_known_cookie *>(bytes + knownAt);
  volatile skbt_known_cookie &place = all[SKBT_KNOWN_PLACE(function.address)];
  if (place.function != 0 && place.function != function.address)
    return;
  if (const uint64_t known = place.cookie; known == (cookie | SKBT_COOKIE_SESSION(SKBT_COOKIE_KIND(known))))
    return;
  place.cookie = cookie;
  std::atomic_thread_fence(std::memory_order_release);
  place.function = function.address;
}

// A batch for each kind of these. On an error `added` has those that were made.
Status Probes::attachKinds(const ProbePart &functions, std::vector<std::unique_ptr<Batch>> &added,
                           std::vector<Attachment::Refusal> &refused) {
  ProbePart typedOnes; // sooner or later
  std::copy_if(functions.begin(), functions.end(), std::back_inserter(typedOnes),
               [](const Function *one) { return !isProgram(one) && (isPassed(one) || isHotFunction(one)); });
  typed->find(typedOnes);
  std::map<Kind, ProbePart> kinds = byKind(functions);
  const auto addBatch = [&](const Kind &kind, const ProbePart &own, std::vector<Attachment::Refusal> &refusing) {
    auto batch = attach(kind, own, refusing);
    if (!batch)
      return Status(batch.error());
    added.push_back(std::move(*batch));
    return Status(Done{});
  };
  if (const auto node = kinds.extract(Kind{.argument = 0, .isTyped = true})) {
    std::vector<Attachment::Refusal> refusing;
    if (auto done = addBatch(node.key(), node.mapped(), refusing); !done)
      return done;
    if (backend == Backend::Fentry) {
      std::move(refusing.begin(), refusing.end(), std::back_inserter(refused));
    } else {
      // they have a kprobe then, as all others
      const auto refuses = [&](const Function *one) {
        return std::any_of(refusing.begin(), refusing.end(), [&](const auto &other) { return other.id == one->id; });
      };
      std::copy_if(node.mapped().begin(), node.mapped().end(), std::back_inserter(kinds[Kind{}]), refuses);
    }
  }
  for (const auto &[kind, own] : kinds)
    if (!own.empty())
      if (auto done = addBatch(kind, own, refused); !done)
        return done;
  return Done{};
}

// The same for programs.
Result<std::unique_ptr<Probes::Batch>> Probes::attach(const Pattern &copied, const std::vector<ProgramPlace> &places,
                                                      std::vector<Attachment::Refusal> &refused) {
  auto made = makeBatch();
  if (!made)
    return made.error();
  auto batch = std::move(*made);
  batch->isPrograms = true;
  ProgramCopies copies = attachCopies(copied, batch->gate, places);
  batch->programs = std::move(copies.programs);
  batch->held = std::move(copies.attachment.held);
  batch->ids = std::move(copies.attachment.ids);
  for (size_t i = 0; i < places.size(); i++)
    if (copies.isAttached[i])
      batch->places.push_back(places[i]);
    else
      unwilling.insert({places[i].program.id, places[i].function.id});
  for (Attachment::Refusal &one : copies.attachment.refused)
    refuse(refused, std::move(one));
  return batch;
}

// Where programs are loaded that have no copy yet.
std::vector<ProgramPlace> Probes::newPlaces(const std::vector<ProbePart> &parts,
                                            std::vector<Attachment::Refusal> &refused) const {
  ProbePart functions;
  for (const ProbePart &part : parts)
    std::copy_if(part.begin(), part.end(), std::back_inserter(functions), isProgram);
  if (functions.empty())
    return {};
  std::set<std::pair<uint32_t, uint32_t>> known = unwilling;
  size_t copies = 0;
  for (const auto &batch : batches) {
    copies += batch->places.size();
    for (const ProgramPlace &place : batch->places)
      known.insert({place.program.id, place.function.id});
  }
  std::vector<ProgramPlace> places = placesIn(loadedPrograms(), functions);
  std::erase_if(places, [&](const ProgramPlace &place) {
    return known.contains({place.program.id, place.function.id});
  });
  const size_t room = COPIES_MAX - std::min(COPIES_MAX, copies);
  for (; places.size() > room; places.pop_back())
    refuse(refused, {places.back().function.id, places.back().function.name,
                     "as many programs are probed as can be (" + std::to_string(COPIES_MAX / 2) + ")"});
  return places;
}

// Its gate is shut and every program has seen that. Free again once its links are closed.
void Probes::discard(std::unique_ptr<Batch> batch, bool isCounted) {
  const auto free = [gates = gates, gate = batch->gate] {
    const std::lock_guard guard(gates->lock);
    gates->used[gate] = false;
  };
  if (isCounted) {
    const std::lock_guard guard(lock);
    add(gone, countsOf(*batch));
  }
  if (batch->held.empty())
    free();
  else
    closeInBackground(std::move(batch->held), free);
}

/*
 * Until every program that runs now has ended: what was written before is then seen by all. The kernel promises that
 * for a map of maps: it waits for a grace period before it says that one was changed (1ae80cf31938 "bpf: wait for
 * running BPF programs when updating map-in-map").
 */
void Probes::waitForPrograms() const {
  const uint32_t zero = 0;
  const int inner = waitInner.get();
  if (bpf_map_update_elem(waitOuter.get(), &zero, &inner, BPF_ANY) != 0)
    std::perror("skbtracer: waiting for running programs");
}

Result<Probes::Change> Probes::set(const std::vector<ProbePart> &parts) {
  detaching(); // frees gates
  std::unordered_set<uint32_t> wanted;
  for (const ProbePart &part : parts)
    for (const Function *one : part)
      wanted.insert(one->id);
  std::unordered_set<uint32_t> known; // attached, or known to refuse
  for (const auto &batch : batches)
    known.insert(batch->ids.begin(), batch->ids.end());
  for (const Attachment::Refusal &one : refusals)
    known.insert(one.id);

  std::vector<std::unique_ptr<Batch>> added;
  std::vector<Attachment::Refusal> refused = refusals;
  // The kernel takes as long for one function as for a thousand: what a capture begins with is attached together.
  std::vector<ProbePart> fresh;
  const bool isFirst = std::all_of(batches.begin(), batches.end(), [](const auto &batch) { return batch->isSessions; });
  for (const ProbePart &part : parts) {
    if (fresh.empty() || !isFirst)
      fresh.emplace_back();
    std::copy_if(part.begin(), part.end(), std::back_inserter(fresh.back()),
                 [&](const Function *one) { return !isProgram(one) && known.insert(one->id).second; });
  }
  if (isFirst && !fresh.empty())
    std::copy_if(ends.begin(), ends.end(), std::back_inserter(fresh.front()),
                 [&](const Function *one) { return known.insert(one->id).second; });
  for (const ProbePart &part : fresh)
    if (auto done = attachKinds(part, added, refused); !done) {
      for (auto &one : added)
        discard(std::move(one));
      return done.error();
    }
  if (const std::vector<ProgramPlace> places = newPlaces(parts, refused); !places.empty()) {
    auto batch = attach(*pattern, places, refused);
    if (!batch) {
      for (auto &one : added)
        discard(std::move(one));
      return batch.error();
    }
    added.push_back(std::move(*batch));
  }

  const auto isWanted = [&](uint32_t id) { return wanted.contains(id); };
  size_t count = 0;
  for (const auto *list : {&batches, &added})
    for (const std::unique_ptr<Batch> &batch : *list)
      count += static_cast<size_t>(std::count_if(batch->ids.begin(), batch->ids.end(), isWanted));
  if (count == 0) {
    for (auto &one : added)
      discard(std::move(one));
    const auto first = std::find_if(refused.begin(), refused.end(), [&](const auto &one) { return isWanted(one.id); });
    return Error{"ATTACH_FAILED", first == refused.end()
                                      ? "no function would be probed"
                                      : "no function took a probe; " + first->name + ": " + first->reason};
  }

  setSpans(parts);
  return switchTo(std::move(added), std::move(refused), wanted);
}

Probes::Change Probes::switchTo(std::vector<std::unique_ptr<Batch>> added, std::vector<Attachment::Refusal> refused,
                                const std::unordered_set<uint32_t> &wanted) {
  const auto isWanted = [&](uint32_t id) { return wanted.contains(id); };
  Change change;
  bool isAnew = false; // callers are noted from here on, or what was noted is no more
  std::vector<std::unique_ptr<Batch>> staying;
  std::vector<std::unique_ptr<Batch>> leaving;
  std::erase_if(refused, [&](const Attachment::Refusal &one) { return !isWanted(one.id); });
  {
    // from the first that is moved on: who counts meanwhile must not come upon an empty place
    const std::lock_guard guard(lock);
    const auto isOthers = [&](const auto &batch) {
      return batch->isOther && std::any_of(batch->ids.begin(), batch->ids.end(), isWanted);
    };
    const bool notes =
        std::any_of(batches.begin(), batches.end(), isOthers) || std::any_of(added.begin(), added.end(), isOthers);
    isAnew = notes != isNoting || (notes && anyGoes(wanted));
    isNoting = notes;
    if (isAnew)
      setNoting(0);
    for (auto &batch : batches) {
      const bool stays =
          batch->isSessions || batch->hasEnds || std::any_of(batch->ids.begin(), batch->ids.end(), isWanted);
      if (!stays)
        setGate(batch->gate, SKBT_GATE_SHUT);
      else
        change.isLess |= mute(*batch, wanted);
      (stays ? staying : leaving).push_back(std::move(batch));
    }
    for (auto &batch : added) {
      if (!batch->ids.empty())
        mute(*batch, wanted);
      (batch->ids.empty() ? leaving : staying).push_back(std::move(batch));
    }
    batches = std::move(staying);
    std::unordered_set<uint32_t> probed;
    for (const auto &batch : batches)
      std::copy_if(batch->ids.begin(), batch->ids.end(), std::inserter(probed, probed.end()), isWanted);
    live = static_cast<uint32_t>(probed.size());
    // another program of that name took its copy
    std::erase_if(refused, [&](const Attachment::Refusal &one) { return probed.contains(one.id); });
    refusals = std::move(refused);
  }
  change.isLess |= !leaving.empty();
  if (change.isLess || isAnew)
    waitForPrograms();
  // a function whose gate was another's knows nothing of callers
  if (isAnew && isNoting)
    setNoting(++notings);
  for (auto &batch : leaving)
    leave(std::move(batch));
  return change;
}

// Out of `batches` already. Programs of the same name may be in another one.
void Probes::leave(std::unique_ptr<Batch> batch) {
  for (const uint32_t id : batch->ids)
    if (std::none_of(batches.begin(), batches.end(), [id](const auto &other) {
          return std::find(other->ids.begin(), other->ids.end(), id) != other->ids.end();
        }))
      mutedByte(id) = 0;
  discard(std::move(batch));
}

Status Probes::renew(std::shared_ptr<const Pattern> next) {
  std::vector<ProgramPlace> places;
  for (const auto &batch : batches)
    std::copy_if(batch->places.begin(), batch->places.end(), std::back_inserter(places),
                 [&](const ProgramPlace &place) { return mutedByte(place.function.id) == 0; });
  if (!places.empty()) {
    std::vector<Attachment::Refusal> refused = refusals;
    auto batch = attach(*next, places, refused);
    if (!batch)
      return batch.error();
    renewed = std::move(*batch);
    setGate(renewed->gate, SKBT_GATE_OPEN);
    const std::lock_guard guard(lock);
    refusals = std::move(refused);
  }
  nextPattern = std::move(next);
  return Done{};
}

void Probes::endRenewal(bool isInForce) {
  std::vector<std::unique_ptr<Batch>> leaving;
  if (renewed && !isInForce)
    leaving.push_back(std::move(renewed));
  if (isInForce) {
    pattern = std::move(nextPattern);
    const std::lock_guard guard(lock);
    const auto old =
        std::stable_partition(batches.begin(), batches.end(), [](const auto &one) { return !one->isPrograms; });
    std::move(old, batches.end(), std::back_inserter(leaving));
    batches.erase(old, batches.end());
    if (renewed)
      batches.push_back(std::move(renewed));
  }
  nextPattern.reset();
  for (auto &batch : leaving) {
    setGate(batch->gate, SKBT_GATE_SHUT);
    leave(std::move(batch));
  }
}

bool Probes::isAlways(uint32_t id) const {
  return std::any_of(ends.begin(), ends.end(), [id](const Function *one) { return one->id == id; });
}

// Whether something that is probed now is so no more.
bool Probes::anyGoes(const std::unordered_set<uint32_t> &wanted) {
  const auto goes = [&](uint32_t id) { return !wanted.contains(id) && !isAlways(id) && mutedByte(id) != SKBT_MUTED; };
  return std::any_of(batches.begin(), batches.end(),
                     [&](const auto &batch) { return std::any_of(batch->ids.begin(), batch->ids.end(), goes); });
}

uint8_t Probes::openGate(const Batch &batch, bool isPartly) const {
  if (batch.isOther)
    return SKBT_GATE_OTHER;
  if (isNoting)
    return SKBT_GATE_NOTED;
  return isPartly ? SKBT_GATE_PARTLY : SKBT_GATE_OPEN;
}

// What callers are told by, where they are noted.
void Probes::setSpans(const std::vector<ProbePart> &parts) {
  if (std::none_of(parts.begin(), parts.end(),
                   [](const ProbePart &part) { return std::any_of(part.begin(), part.end(), isOther); }))
    return;
  auto *spans = reinterpret_cast<volatile uint16_t *>(bytes + spansAt);
  for (const ProbePart &part : parts)
    for (const Function *one : part)
      spans[one->id % SKBT_FUNCTIONS] = static_cast<uint16_t>(std::min<uint32_t>(one->size, UINT16_MAX));
}

// Mutes what is not wanted of a batch that stays, and nothing else of it, and opens its gate. Whether something was
// muted that was not.
bool Probes::mute(const Batch &batch, const std::unordered_set<uint32_t> &wanted) {
  bool isLess = false;
  bool isPartly = false;
  for (const uint32_t id : batch.ids) {
    const bool isMuted = !wanted.contains(id) && !isAlways(id);
    isLess |= isMuted && mutedByte(id) != SKBT_MUTED;
    isPartly |= isMuted;
    mutedByte(id) = isMuted ? SKBT_MUTED : batch.isSessions && isNoting ? SKBT_NOT_MUTED_NOTED : 0;
  }
  std::atomic_thread_fence(std::memory_order_release); // who sees the gate sees these
  setGate(batch.gate, openGate(batch, isPartly));
  return isLess;
}

bool Probes::isSettled() const {
  const std::lock_guard guard(lock);
  return isNoting || std::all_of(batches.begin(), batches.end(), [](const auto &batch) { return batch->hot.empty(); });
}

uint64_t Probes::hotHits() const {
  const int cpus = libbpf_num_possible_cpus();
  std::vector<skbt_typed_place> places(cpus > 0 ? static_cast<size_t>(cpus) : 0);
  const uint32_t zero = 0;
  uint64_t hits = 0;
  if (!places.empty() && bpf_map_lookup_elem(typedPlaces, &zero, places.data()) == 0)
    for (const skbt_typed_place &one : places)
      hits += one.hits;
  return hits;
}

void Probes::settle(const std::function<bool()> &isHurried) {
  for (size_t i = 0; i < batches.size() && !isNoting; i++) {
    Batch &batch = *batches[i];
    if (batch.hot.empty())
      continue;
    auto made = makeBatch();
    if (!made)
      return;
    auto next = std::move(*made);
    ProbePart functions;
    for (const Function &one : batch.hot)
      functions.push_back(&one);
    Attachment attachment = typed->attach(next->gate, functions, next->programs, isHurried);
    next->held = std::move(attachment.held);
    next->ids = std::move(attachment.ids);
    if (next->ids.size() == functions.size()) {
      handOver(i, std::move(next));
      continue;
    }
    discard(std::move(next), false);
    if (attachment.refused.empty()) // it was hurried
      return;
    const std::lock_guard guard(lock);
    batch.hot.clear(); // they stay what they are
  }
}

/*
 * A hit comes to the kprobe first, then to the typed probe: ftrace calls trampolines last. While a kprobe leaves it
 * still tells its hits, and says of each that it has done so to the typed probe, which then does not: whichever moment
 * it is at which the one is shut and the other open, each hit is told once.
 */
void Probes::handOver(size_t place, std::unique_ptr<Batch> next) {
  const uint32_t from = batches[place]->gate;
  const uint32_t to = next->gate;
  const bool isPartly =
      std::any_of(next->ids.begin(), next->ids.end(), [&](uint32_t id) { return mutedByte(id) != 0; });
  setGate(from, SKBT_GATE_LEAVING);
  waitForPrograms();
  setGate(to, SKBT_GATE_COMING);
  std::atomic_thread_fence(std::memory_order_release); // who sees the one gone sees the other come
  setGate(from, SKBT_GATE_GONE);
  waitForPrograms();
  setGate(to, openGate(*next, isPartly));
  {
    const std::lock_guard guard(lock);
    std::swap(batches[place], next);
  }
  discard(std::move(next));
}

Status Probes::weigh(const ProbePart &functions) {
  endWeighing();
  std::vector<Attachment::Refusal> refused;
  std::vector<std::unique_ptr<Batch>> added;
  Status done = attachKinds(functions, added, refused);
  {
    const std::lock_guard guard(lock);
    std::move(added.begin(), added.end(), std::back_inserter(weighed));
  }
  if (!done) {
    endWeighing();
    return done.error();
  }
  if (const std::vector<ProgramPlace> places = placesIn(loadedPrograms(), functions); !places.empty()) {
    auto batch = attach(*pattern, places, refused);
    if (!batch) {
      endWeighing();
      return batch.error();
    }
    const std::lock_guard guard(lock);
    weighed.push_back(std::move(*batch));
  }
  return Done{};
}

// Not among the counts of those that are gone: nobody asked for a hop of them.
Probes::Counts Probes::endWeighing() {
  std::vector<std::unique_ptr<Batch>> ending;
  {
    const std::lock_guard guard(lock);
    ending.swap(weighed);
  }
  Counts sum;
  for (auto &batch : ending) {
    const Counts own = countsOf(*batch);
    add(sum, own);
    discard(std::move(batch), false);
  }
  return sum;
}

uint32_t Probes::attached() const {
  const std::lock_guard guard(lock);
  return live;
}

std::vector<Attachment::Refusal> Probes::refused() const {
  const std::lock_guard guard(lock);
  return refusals;
}

Probes::Counts Probes::counts() const {
  const std::lock_guard guard(lock);
  Counts sum = gone;
  for (const auto &batch : batches)
    add(sum, countsOf(*batch));
  return sum;
}

std::vector<Held> Probes::takeAll() {
  const std::lock_guard guard(lock);
  std::vector<Held> all;
  for (auto *list : {&batches, &weighed}) {
    for (const auto &batch : *list)
      std::move(batch->held.begin(), batch->held.end(), std::back_inserter(all));
    list->clear();
  }
  live = 0;
  return all;
}

} // namespace skbt
