// SPDX-License-Identifier: Apache-2.0
#include "load_plan.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <utility>

namespace skbt {
namespace {

std::mutex lock;
std::shared_ptr<const LoadPlan> kept;

} // namespace

const LoadPlan::Place *LoadPlan::placeOf(std::string_view program) const {
  const auto found =
      std::find_if(places.begin(), places.end(), [&](const Place &place) { return place.program == program; });
  return found == places.end() ? nullptr : &*found;
}

void LoadPlan::pack(Packer &into) const {
  into.text(key);
  into.value(static_cast<uint32_t>(places.size()));
  for (const Place &place : places) {
    into.text(place.program);
    into.value(place.btfId);
    into.value(place.module);
    into.text(place.moduleName);
  }
  into.value(static_cast<uint32_t>(instructions.size()));
  for (const auto &[program, insns] : instructions) {
    into.text(program);
    into.values(insns);
  }
}

std::shared_ptr<const LoadPlan> LoadPlan::unpack(const std::string &kernelKey, Unpacker &from) {
  auto plan = std::make_shared<LoadPlan>();
  plan->key = from.text();
  if (plan->key != kernelKey && plan->key != kernelKey + PLAN_SESSIONS && plan->key != kernelKey + PLAN_FENTRY)
    return nullptr;
  for (size_t n = from.count(4 * sizeof(uint32_t)); n > 0; n--) {
    Place place;
    place.program = from.text();
    place.btfId = from.value<uint32_t>();
    place.module = from.value<uint32_t>();
    place.moduleName = from.text();
    plan->places.push_back(std::move(place));
  }
  for (size_t n = from.count(2 * sizeof(uint32_t)); n > 0; n--) {
    std::string program = from.text();
    plan->instructions.emplace(std::move(program), from.values<bpf_insn>());
  }
  return from.good ? plan : nullptr;
}

std::shared_ptr<const LoadPlan> keptPlan(const std::string &key) {
  const std::lock_guard guard(lock);
  return kept && kept->key == key ? kept : nullptr;
}

void keepPlan(std::shared_ptr<const LoadPlan> plan) {
  const std::lock_guard guard(lock);
  kept = std::move(plan);
}

} // namespace skbt
