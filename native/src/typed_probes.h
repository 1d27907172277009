// SPDX-License-Identifier: Apache-2.0
// Probes as typed programs, one program for each function: all of them with Backend::Fentry, and with the others those
// on functions that have a typed program of ours; see bpf/lib/typed.h.
#pragma once

#include "attach.h"
#include "entry.h"
#include "functions.h"
#include "typed_copy.h"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace skbt {

class TypedProbes {
public:
  // `entry` is skbt_typed_entry as it was loaded, `switches` say where in it what is written over; `hits` is the map
  // typed_hits. All of them of the first generation, and as long as that is there.
  TypedProbes(Pattern entry, const TypedSwitches &switches, int hits)
      : entry(std::move(entry)), switches(switches), hits(hits) {}

  // Loads that generation's hop for every prototype in use. Probes jump there as soon as `control` has its number.
  // LOAD_FAILED: nothing has changed.
  Status prepare(std::shared_ptr<const Pattern> hop, uint32_t generation);
  // What was prepared last is in force: the one before goes.
  void commit();

  // Each with a program of its own, whose gate is that one. Functions that refuse are left out and reported.
  Attachment attach(uint32_t gate, const std::vector<const Function *> &functions, std::vector<Fd> &programs);

  // Hits for which there was no place.
  uint64_t misses() const;

private:
  // A function type, by which module's types have it (0: the kernel's own) and its id there.
  using Prototype = std::pair<uint32_t, uint32_t>;
  struct Place {
    uint32_t btfId = 0;
    uint32_t module = 0;
    Prototype prototype;
  };
  struct Generation {
    std::shared_ptr<const Pattern> hop;
    uint32_t number = 0;
  };
  // What functions of one prototype jump to: programs of two generations, of which the number chooses one.
  struct Bodies {
    Fd array;
    Place place; // the first function's, for which the copies are loaded
  };

  Pattern entry;
  TypedSwitches switches;
  int hits;
  Generation now, next;
  std::unordered_map<std::string, Place> places; // "name\tmodule"
  std::unordered_map<uint32_t, Fd> types;        // by that id
  std::map<Prototype, Bodies> bodies;

  void find(const std::vector<const Function *> &functions);
  const Place *placeOf(const Function &function) const;
  CopyTarget targetOf(const Place &place) const;
  static Result<Bodies> makeBodies(const Place &place, const CopyTarget &target, const Generation &generation);
  void makeAllBodies(const std::vector<const Function *> &functions);
  std::string attachOne(uint32_t gate, const Function &function, Attachment &result, std::vector<Fd> &programs);
};

} // namespace skbt
