// SPDX-License-Identifier: Apache-2.0
// The only file that sees Node. Arguments are trusted: native/index.ts has checked them.
#include "attach.h"
#include "capabilities.h"
#include "filter.h"
#include "kernel.h"
#include "networks.h"
#include "tracer.h"

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace {

using skbt::Error;

Napi::Value makeError(Napi::Env env, const Error &error) {
  Napi::Object object = Napi::Error::New(env, error.message).Value().As<Napi::Object>();
  object.Set("code", error.code);
  if (error.position >= 0)
    object.Set("position", error.position);
  return object;
}

// Runs `work` on the thread pool; its value becomes the promise's through `convert`, on Node's thread.
template <typename T> class Async : public Napi::AsyncWorker {
public:
  using Work = std::function<skbt::Result<T>()>;
  using Convert = std::function<Napi::Value(Napi::Env, T &)>;

  static Napi::Value run(Napi::Env env, Work work, Convert convert) {
    auto *self = new Async(env, std::move(work), std::move(convert)); // deletes itself when done
    self->Queue();
    return self->deferred.Promise();
  }

protected:
  void Execute() override { outcome = work(); }
  void OnOK() override {
    if (outcome)
      deferred.Resolve(convert(Env(), *outcome));
    else
      deferred.Reject(makeError(Env(), outcome.error()));
  }

private:
  Async(Napi::Env env, Work work, Convert convert)
      : Napi::AsyncWorker(env), deferred(env), work(std::move(work)), convert(std::move(convert)),
        outcome(Error{"NOT_RUN", "the work was not done"}) {}
  Napi::Promise::Deferred deferred;
  Work work;
  Convert convert;
  skbt::Result<T> outcome;
};

using KnownKernel = std::shared_ptr<const skbt::Kernel>;

// The backend that was asked for, or the cheapest. Errors: BACKEND_MISSING.
skbt::Result<skbt::Backend> chooseBackend(const std::string &asked) {
  const skbt::Capabilities &can = skbt::capabilities();
  const auto choose = [](skbt::Backend backend, const skbt::Capability &has,
                         const char *name) -> skbt::Result<skbt::Backend> {
    if (has.ok)
      return backend;
    return Error{"BACKEND_MISSING", std::string("this kernel takes no ") + name + ": " + has.detail +
                                        "; leave the backend to the tracer (--backend auto)"};
  };
  if (asked == "kprobe")
    return choose(skbt::Backend::Kprobe, can.kprobe, "kprobes");
  if (asked == "kprobe-multi")
    return choose(skbt::Backend::KprobeMulti, can.kprobeMulti, "kprobe.multi");
  if (asked == "fentry")
    return choose(skbt::Backend::Fentry, can.fentry, "typed probes (fentry)");
  return can.kprobeMulti.ok ? skbt::Backend::KprobeMulti : skbt::Backend::Kprobe;
}

const char *backendName(skbt::Backend backend) {
  switch (backend) {
  case skbt::Backend::KprobeMulti:
    return "kprobe.multi";
  case skbt::Backend::Kprobe:
    return "kprobe";
  case skbt::Backend::Fentry:
    return "fentry";
  }
  return "";
}

Napi::Value capabilities(const Napi::CallbackInfo &info) {
  return Async<skbt::Capabilities>::run(
      info.Env(), []() -> skbt::Result<skbt::Capabilities> { return skbt::Capabilities(skbt::capabilities()); },
      [](Napi::Env env, skbt::Capabilities &c) {
        Napi::Object object = Napi::Object::New(env);
        const auto set = [&](const char *name, const skbt::Capability &capability) {
          Napi::Object one = Napi::Object::New(env);
          one.Set("ok", capability.ok);
          one.Set("detail", capability.detail);
          object.Set(name, one);
        };
        set("root", c.root);
        set("btf", c.btf);
        set("bpf", c.bpf);
        set("ringBuffer", c.ringBuffer);
        set("kprobe", c.kprobe);
        set("kprobeMulti", c.kprobeMulti);
        set("fentry", c.fentry);
        set("lockdown", c.lockdown);
        return object;
      });
}

Napi::Value functions(const Napi::CallbackInfo &info) {
  return Async<KnownKernel>::run(info.Env(), skbt::readKernel, [](Napi::Env env, KnownKernel &k) {
    Napi::Array list = Napi::Array::New(env, k->functions.size());
    uint32_t i = 0;
    for (const skbt::Function &f : k->functions) {
      Napi::Object one = Napi::Object::New(env);
      one.Set("id", f.id);
      one.Set("name", f.name);
      one.Set("module", f.module);
      one.Set("argument", f.argument);
      if (f.isGone)
        one.Set("isGone", true);
      list.Set(i++, one);
    }
    return list;
  });
}

// Names of functions that take no skb: they come to the functions; why the rest does not.
Napi::Value others(const Napi::CallbackInfo &info) {
  using Missing = std::vector<skbt::OthersFound::Missing>;
  std::vector<std::string> names;
  const Napi::Array given = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); i++)
    names.push_back(given.Get(i).As<Napi::String>().Utf8Value());
  return Async<Missing>::run(
      info.Env(), [names = std::move(names)] { return skbt::readOthers(names); },
      [](Napi::Env env, Missing &missing) {
        Napi::Array list = Napi::Array::New(env, missing.size());
        uint32_t i = 0;
        for (const auto &one : missing) {
          Napi::Object object = Napi::Object::New(env);
          object.Set("name", one.name);
          object.Set("reason", one.reason);
          object.Set("isUnknown", one.isUnknown);
          list.Set(i++, object);
        }
        return list;
      });
}

Napi::Value probeableNames(const Napi::CallbackInfo &info) {
  using Names = std::vector<std::string>;
  return Async<Names>::run(info.Env(), skbt::probeableNames, [](Napi::Env env, Names &names) {
    Napi::Array list = Napi::Array::New(env, names.size());
    for (uint32_t i = 0; i < names.size(); i++)
      list.Set(i, names[i]);
    return list;
  });
}

Napi::Value dropReasons(const Napi::CallbackInfo &info) {
  return Async<KnownKernel>::run(info.Env(), skbt::knownKernel, [](Napi::Env env, KnownKernel &k) {
    Napi::Array list = Napi::Array::New(env, k->reasons.size());
    uint32_t i = 0;
    for (const skbt::DropReason &reason : k->reasons) {
      Napi::Object one = Napi::Object::New(env);
      one.Set("value", reason.value);
      one.Set("name", reason.name);
      list.Set(i++, one);
    }
    return list;
  });
}

// Files that stand for network namespaces.
Napi::Value networks(const Napi::CallbackInfo &info) {
  using Networks = std::vector<std::optional<skbt::Network>>;
  std::vector<std::string> files;
  const Napi::Array given = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); i++)
    files.push_back(given.Get(i).As<Napi::String>().Utf8Value());
  return Async<Networks>::run(
      info.Env(), [files = std::move(files)]() -> skbt::Result<Networks> { return skbt::networksAt(files); },
      [](Napi::Env env, Networks &networks) {
        Napi::Array list = Napi::Array::New(env, networks.size());
        for (uint32_t i = 0; i < networks.size(); i++) {
          if (!networks[i])
            continue;
          const auto &[interfaces, key] = *networks[i];
          Napi::Array named = Napi::Array::New(env, interfaces.size());
          for (uint32_t k = 0; k < interfaces.size(); k++) {
            Napi::Object one = Napi::Object::New(env);
            one.Set("ifindex", interfaces[k].index);
            one.Set("name", interfaces[k].name);
            named.Set(k, one);
          }
          Napi::Object network = Napi::Object::New(env);
          network.Set("interfaces", named);
          network.Set("key", key);
          list.Set(i, network);
        }
        return list;
      });
}

// The folder of `ip netns`.
Napi::Value networkPlaces(const Napi::CallbackInfo &info) {
  using skbt::NetworkPlaces;
  const std::string folder = info[0].As<Napi::String>();
  return Async<NetworkPlaces>::run(
      info.Env(), [folder]() -> skbt::Result<NetworkPlaces> { return skbt::networkPlaces(folder); },
      [](Napi::Env env, NetworkPlaces &places) {
        Napi::Array named = Napi::Array::New(env, places.named.size());
        for (uint32_t i = 0; i < places.named.size(); i++) {
          Napi::Object one = Napi::Object::New(env);
          one.Set("inode", static_cast<double>(places.named[i].inode));
          one.Set("name", places.named[i].name);
          named.Set(i, one);
        }
        Napi::Array processes = Napi::Array::New(env, places.processes.size());
        for (uint32_t i = 0; i < places.processes.size(); i++) {
          Napi::Object one = Napi::Object::New(env);
          one.Set("inode", static_cast<double>(places.processes[i].inode));
          one.Set("pid", places.processes[i].pid);
          processes.Set(i, one);
        }
        Napi::Object object = Napi::Object::New(env);
        object.Set("named", named);
        object.Set("processes", processes);
        return object;
      });
}

Napi::Value kernelKey(const Napi::CallbackInfo &info) { return Napi::String::New(info.Env(), skbt::kernelKey()); }

Napi::Value programsKey(const Napi::CallbackInfo &info) {
  return Napi::String::New(info.Env(), skbt::programsKey(skbt::loadedPrograms()));
}

Napi::Value packKnown(const Napi::CallbackInfo &info) {
  using Packed = std::optional<std::vector<uint8_t>>;
  return Async<Packed>::run(
      info.Env(), []() -> skbt::Result<Packed> { return skbt::packKnown(); },
      [](Napi::Env env, Packed &packed) -> Napi::Value {
        return packed ? Napi::Buffer<uint8_t>::Copy(env, packed->data(), packed->size()) : env.Undefined();
      });
}

Napi::Value takeOverKnown(const Napi::CallbackInfo &info) {
  const auto bytes = info[0].As<Napi::Buffer<uint8_t>>();
  return Napi::Boolean::New(info.Env(), skbt::takeOverKnown(bytes.Data(), bytes.Length()));
}

Napi::Value seal(const Napi::CallbackInfo &info) {
  const std::string key = info[0].As<Napi::String>();
  const auto bytes = info[1].As<Napi::Buffer<uint8_t>>();
  const std::vector<uint8_t> sealed = skbt::seal(key, bytes.Data(), bytes.Length());
  return Napi::Buffer<uint8_t>::Copy(info.Env(), sealed.data(), sealed.size());
}

Napi::Value unseal(const Napi::CallbackInfo &info) {
  const std::string key = info[0].As<Napi::String>();
  const auto bytes = info[1].As<Napi::Buffer<uint8_t>>();
  const std::optional<size_t> begin = skbt::unseal(key, bytes.Data(), bytes.Length());
  return begin ? Napi::Number::New(info.Env(), static_cast<double>(*begin)) : info.Env().Undefined();
}

Napi::Value programs(const Napi::CallbackInfo &info) {
  using Programs = std::vector<skbt::PlannedProgram>;
  return Async<Programs>::run(
      info.Env(),
      []() -> skbt::Result<Programs> {
        auto known = skbt::knownKernel();
        if (!known)
          return known.error();
        auto backend = chooseBackend("auto");
        return backend ? skbt::Result<Programs>(skbt::plannedPrograms(**known, *backend)) : backend.error();
      },
      [](Napi::Env env, Programs &programs) {
        Napi::Array list = Napi::Array::New(env, programs.size());
        uint32_t i = 0;
        for (const skbt::PlannedProgram &program : programs) {
          Napi::Object one = Napi::Object::New(env);
          one.Set("name", program.name);
          one.Set("target", program.target);
          one.Set("kind", program.kind);
          list.Set(i++, one);
        }
        return list;
      });
}

Napi::Value compileFilter(const Napi::CallbackInfo &info) {
  const std::string expression = info[0].As<Napi::String>();
  return Async<skbt::FilterProgram>::run(
      info.Env(), [expression] { return skbt::compileFilter(expression); },
      [](Napi::Env env, skbt::FilterProgram &filter) {
        Napi::Object instructions = Napi::Object::New(env);
        instructions.Set("l2", static_cast<double>(filter.l2.size()));
        instructions.Set("l3", static_cast<double>(filter.l3.size()));
        Napi::Object object = Napi::Object::New(env);
        object.Set("expression", filter.expression);
        object.Set("instructions", instructions);
        return object;
      });
}

// { expression, inner, netns?, interface?, mark?: {value, mask}, pid?, keep }; expressions are compiled later.
skbt::Settings readSettings(const Napi::Object &object) {
  skbt::Settings settings;
  const auto number = [&](const char *name) {
    const Napi::Value value = object.Get(name);
    return value.IsNumber() ? value.As<Napi::Number>().Uint32Value() : 0;
  };
  settings.filter.expression = object.Get("expression").As<Napi::String>().Utf8Value();
  settings.inner.expression = object.Get("inner").As<Napi::String>().Utf8Value();
  settings.netns = number("netns");
  settings.pid = number("pid");
  settings.keep = object.Get("keep").ToBoolean();
  const Napi::Value interface = object.Get("interface");
  if (interface.IsString())
    settings.interface = interface.As<Napi::String>().Utf8Value();
  const Napi::Value mark = object.Get("mark");
  if (mark.IsObject()) {
    settings.mark = mark.As<Napi::Object>().Get("value").As<Napi::Number>().Uint32Value();
    settings.markMask = mark.As<Napi::Object>().Get("mask").As<Napi::Number>().Uint32Value();
  }
  return settings;
}

skbt::LoadOptions readLoadOptions(const Napi::Object &object) {
  skbt::LoadOptions load;
  const auto number = [&](const char *name) { return object.Get(name).As<Napi::Number>().Uint32Value(); };
  load.settings = readSettings(object.Get("filter").As<Napi::Object>());
  const std::string stacks = object.Get("stacks").As<Napi::String>();
  load.stackOnHop = stacks == "all";
  load.stackOnDrop = stacks != "none";
  load.controlBlock = object.Get("controlBlock").ToBoolean();
  load.tcpEvents = object.Get("tcpEvents").ToBoolean();
  load.flowRate = number("flowRate");
  load.ringBytes = number("ringBytes");
  load.rings = number("rings");
  load.trackedPackets = number("trackedPackets");
  load.stackTable = number("stackTable");
  const Napi::Value tail = object.Get("tail");
  if (tail.IsObject()) {
    const Napi::Object how = tail.As<Napi::Object>();
    const auto slowUs = how.Get("slowUs").As<Napi::Number>().Int64Value();
    load.tail = skbt::Tail{static_cast<uint64_t>(slowUs) * 1000, how.Get("oneIn").As<Napi::Number>().Uint32Value(),
                           how.Get("newPaths").ToBoolean()};
  }
  return load;
}

skbt::Status compileInto(skbt::Settings &settings) {
  for (skbt::FilterProgram *program : {&settings.filter, &settings.inner}) {
    auto compiled = skbt::compileFilter(program->expression);
    if (!compiled)
      return compiled.error();
    *program = std::move(*compiled);
  }
  if (!settings.inner.l2.empty() && settings.inner.l3.empty())
    return Error{"FILTER_UNSUPPORTED", "what a tunnel carries is looked at from its IP header on: `ether` and `vlan` "
                                       "have no meaning there"};
  return skbt::Done{};
}

using PartIds = std::vector<std::vector<uint32_t>>;

// An array of arrays of function ids.
PartIds readParts(const Napi::Value &given) {
  const Napi::Array list = given.As<Napi::Array>();
  PartIds parts(list.Length());
  for (uint32_t i = 0; i < parts.size(); i++) {
    const Napi::Array ids = list.Get(i).As<Napi::Array>();
    for (uint32_t k = 0; k < ids.Length(); k++)
      parts[i].push_back(ids.Get(k).As<Napi::Number>().Uint32Value());
  }
  return parts;
}

// Functions that were chosen by their ids, and what they are of.
struct Chosen {
  KnownKernel kernel;
  std::vector<skbt::ProbePart> parts;
};

// Errors: as knownKernel(), and UNKNOWN_FUNCTION.
skbt::Result<Chosen> choose(const PartIds &ids) {
  auto read = skbt::knownKernel();
  if (!read)
    return read.error();
  const skbt::Kernel &known = **read;
  std::vector<skbt::ProbePart> parts;
  for (const std::vector<uint32_t> &own : ids) {
    skbt::ProbePart &part = parts.emplace_back();
    for (const uint32_t id : own) {
      if (id == 0 || id > known.functions.size() || known.functions[id - 1].isGone)
        return Error{"UNKNOWN_FUNCTION", "there is no function with the id " + std::to_string(id)};
      part.push_back(&known.functions[id - 1]);
    }
  }
  return Chosen{std::move(*read), std::move(parts)};
}

// What of the functions that were asked for has a probe now.
Napi::Object probesObject(Napi::Env env, skbt::Started &started) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("attached", started.attached);
  object.Set("attachMs", started.attachMs);
  object.Set("batches", static_cast<double>(started.batches));
  object.Set("rings", started.rings);
  Napi::Array refused = Napi::Array::New(env, started.refused.size());
  uint32_t i = 0;
  for (const auto &refusal : started.refused) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("name", refusal.name);
    one.Set("reason", refusal.reason);
    refused.Set(i++, one);
  }
  object.Set("refused", refused);
  return object;
}

class Tracer : public Napi::ObjectWrap<Tracer> {
public:
  static void init(Napi::Env env, Napi::Object exports) {
    exports.Set(
        "Tracer",
        DefineClass(env, "Tracer",
                    {InstanceMethod<&Tracer::start>("start"), InstanceMethod<&Tracer::update>("update"),
                     InstanceMethod<&Tracer::setProbes>("setProbes"), InstanceMethod<&Tracer::release>("release"),
                     InstanceMethod<&Tracer::weigh>("weigh"), InstanceMethod<&Tracer::endWeighing>("endWeighing"),
                     InstanceMethod<&Tracer::functionsOnDrops>("functionsOnDrops"),
                     InstanceMethod<&Tracer::stats>("stats"), InstanceMethod<&Tracer::cost>("cost"),
                     InstanceMethod<&Tracer::endCost>("endCost"), InstanceMethod<&Tracer::stop>("stop")}));
  }

  explicit Tracer(const Napi::CallbackInfo &info)
      : Napi::ObjectWrap<Tracer>(info), tracer(std::make_shared<skbt::Tracer>()) {}

private:
  // Shared with work on the thread pool, which may outlive this object.
  std::shared_ptr<skbt::Tracer> tracer;
  // While it runs, this object references itself: one that JS forgot must not end the capture.
  Napi::ThreadSafeFunction deliver;
  bool running = false;

  Napi::Value start(const Napi::CallbackInfo &info);
  Napi::Value update(const Napi::CallbackInfo &info);
  Napi::Value setProbes(const Napi::CallbackInfo &info);
  void release(const Napi::CallbackInfo &) { tracer->release(); }
  Napi::Value weigh(const Napi::CallbackInfo &info);
  Napi::Value endWeighing(const Napi::CallbackInfo &info);
  Napi::Value functionsOnDrops(const Napi::CallbackInfo &info);
  Napi::Value stats(const Napi::CallbackInfo &info);
  Napi::Value cost(const Napi::CallbackInfo &info);
  void endCost(const Napi::CallbackInfo &) { tracer->endCost(); }
  Napi::Value stop(const Napi::CallbackInfo &info);
  void ended();

  static void onNodeThread(Napi::Env env, Napi::Function callback, skbt::Batch *raw) {
    std::unique_ptr<skbt::Batch> batch(raw);
    if (env == nullptr) // Node goes down: the batch dies with it
      return;
    uint8_t *data = batch->data();
    const size_t size = batch->size();
    callback.Call({Napi::Buffer<uint8_t>::NewOrCopy(
        env, data, size, [](Napi::Env, uint8_t *, skbt::Batch *owner) { delete owner; }, batch.release())});
  }
};

Napi::Value Tracer::start(const Napi::CallbackInfo &info) {
  const Napi::Env env = info.Env();
  const Napi::Object given = info[0].As<Napi::Object>();
  auto options = std::make_shared<skbt::StartOptions>();
  options->load = readLoadOptions(given);
  if (running) {
    Napi::Promise::Deferred refused(env);
    refused.Reject(makeError(env, {"ALREADY_RUNNING", "the capture runs already; stop it first"}));
    return refused.Promise();
  }
  running = true;
  deliver = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "skbtracer batches", 0, 1);
  Ref();

  const std::string backend = given.Get("backend").As<Napi::String>();
  auto work = [options, backend, ids = readParts(given.Get("parts")), tracer = tracer,
               deliver = deliver]() -> skbt::Result<skbt::Started> {
    if (auto done = compileInto(options->load.settings); !done)
      return done.error();
    auto chosen = choose(ids);
    if (!chosen)
      return chosen.error();
    options->parts = std::move(chosen->parts);
    auto found = chooseBackend(backend);
    if (!found)
      return found.error();
    options->load.backend = *found;
    options->load.kernel = chosen->kernel;
    return tracer->start(*options, chosen->kernel->symbols, [deliver](std::unique_ptr<skbt::Batch> batch) {
      skbt::Batch *raw = batch.release();
      // the reader bounds what waits; only a closing environment refuses
      if (deliver.NonBlockingCall(raw, onNodeThread) != napi_ok)
        delete raw;
    });
  };
  auto convert = [options](Napi::Env e, skbt::Started &started) {
    const Napi::Object object = probesObject(e, started);
    object.Set("backend", backendName(options->load.backend));
    return object;
  };
  const Napi::Value promise = Async<skbt::Started>::run(env, std::move(work), convert);
  // A failed start ends like a stop, on Node's thread.
  const Napi::Function onFailure = Napi::Function::New(env, [this](const Napi::CallbackInfo &) { ended(); });
  promise.As<Napi::Object>().Get("catch").As<Napi::Function>().Call(promise, {onFailure});
  return promise;
}

void Tracer::ended() {
  if (!running)
    return;
  running = false;
  deliver.Release();
  Unref();
}

Napi::Value Tracer::update(const Napi::CallbackInfo &info) {
  auto settings = std::make_shared<skbt::Settings>(readSettings(info[0].As<Napi::Object>()));
  return Async<uint32_t>::run(
      info.Env(),
      [settings, tracer = tracer]() -> skbt::Result<uint32_t> {
        if (auto done = compileInto(*settings); !done)
          return done.error();
        return tracer->update(*settings);
      },
      [](Napi::Env env, uint32_t &generation) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("generation", generation);
        return object;
      });
}

Napi::Value Tracer::setProbes(const Napi::CallbackInfo &info) {
  return Async<skbt::Started>::run(
      info.Env(),
      [ids = readParts(info[0]), tracer = tracer]() -> skbt::Result<skbt::Started> {
        auto chosen = choose(ids);
        return chosen ? tracer->setProbes(chosen->parts, chosen->kernel) : skbt::Result<skbt::Started>(chosen.error());
      },
      probesObject);
}

Napi::Value Tracer::weigh(const Napi::CallbackInfo &info) {
  return Async<skbt::Done>::run(
      info.Env(),
      [ids = readParts(info[0]), tracer = tracer]() -> skbt::Result<skbt::Done> {
        auto chosen = choose(ids);
        if (!chosen)
          return chosen.error();
        return tracer->weigh(chosen->parts.front());
      },
      [](Napi::Env env, skbt::Done &) { return env.Undefined(); });
}

Napi::Value Tracer::endWeighing(const Napi::CallbackInfo &info) {
  using Weight = skbt::Tracer::Weight;
  return Async<Weight>::run(
      info.Env(), [tracer = tracer]() { return tracer->endWeighing(); },
      [](Napi::Env env, Weight &weight) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("hits", static_cast<double>(weight.hits));
        object.Set("runs", static_cast<double>(weight.runs));
        object.Set("timeNs", static_cast<double>(weight.timeNs));
        return object;
      });
}

Napi::Value Tracer::functionsOnDrops(const Napi::CallbackInfo &info) {
  const std::vector<uint32_t> ids = tracer->functionsOnDrops();
  Napi::Array list = Napi::Array::New(info.Env(), ids.size());
  for (uint32_t i = 0; i < ids.size(); i++)
    list.Set(i, static_cast<double>(ids[i]));
  return list;
}

Napi::Value Tracer::stats(const Napi::CallbackInfo &info) {
  const Napi::Env env = info.Env();
  const skbt::Stats stats = tracer->stats();
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char *name, uint64_t value) { object.Set(name, static_cast<double>(value)); };
  set("events", stats.events);
  set("longLived", stats.longLived);
  set("oldestNs", stats.oldestNs);
  set("missed", stats.missed);
  set("undelivered", stats.undelivered);
  set("packets", stats.packets);
  set("told", stats.told);
  set("trailFull", stats.trailFull);
  set("tracked", stats.tracked);
  set("batches", stats.batches);
  set("bytes", stats.bytes);
  const auto setPerCpu = [&](const char *name, const std::vector<uint64_t> &counts) {
    Napi::Array list = Napi::Array::New(env, counts.size());
    for (uint32_t i = 0; i < counts.size(); i++)
      list.Set(i, static_cast<double>(counts[i]));
    object.Set(name, list);
  };
  setPerCpu("lostRing", stats.lostRing);
  setPerCpu("trackFull", stats.trackFull);
  setPerCpu("stackFull", stats.stackFull);
  setPerCpu("rateLimited", stats.rateLimited);
  return object;
}

Napi::Value Tracer::cost(const Napi::CallbackInfo &info) {
  using Costs = std::vector<skbt::ProgramCost>;
  return Async<Costs>::run(
      info.Env(), [tracer = tracer]() -> skbt::Result<Costs> { return tracer->cost(); },
      [](Napi::Env env, Costs &costs) {
        Napi::Array list = Napi::Array::New(env, costs.size());
        uint32_t i = 0;
        for (const skbt::ProgramCost &cost : costs) {
          Napi::Object one = Napi::Object::New(env);
          one.Set("name", cost.name);
          one.Set("runs", static_cast<double>(cost.runs));
          one.Set("timeNs", static_cast<double>(cost.timeNs));
          list.Set(i++, one);
        }
        return list;
      });
}

Napi::Value Tracer::stop(const Napi::CallbackInfo &info) {
  return Async<skbt::Done>::run(
      info.Env(),
      [tracer = tracer]() -> skbt::Result<skbt::Done> {
        tracer->stop();
        return skbt::Done{};
      },
      [this](Napi::Env env, skbt::Done &) {
        // batches that stop() delivered are queued before this and come first
        ended();
        return env.Undefined();
      });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  skbt::captureClock();
  exports.Set("baseUnixMs", skbt::captureClock().baseUnixMs);
  exports.Set("capabilities", Napi::Function::New(env, capabilities));
  exports.Set("functions", Napi::Function::New(env, functions));
  exports.Set("others", Napi::Function::New(env, others));
  exports.Set("probeableNames", Napi::Function::New(env, probeableNames));
  exports.Set("dropReasons", Napi::Function::New(env, dropReasons));
  exports.Set("networks", Napi::Function::New(env, networks));
  exports.Set("networkPlaces", Napi::Function::New(env, networkPlaces));
  exports.Set("kernelKey", Napi::Function::New(env, kernelKey));
  exports.Set("programsKey", Napi::Function::New(env, programsKey));
  exports.Set("packKnown", Napi::Function::New(env, packKnown));
  exports.Set("takeOverKnown", Napi::Function::New(env, takeOverKnown));
  exports.Set("seal", Napi::Function::New(env, seal));
  exports.Set("unseal", Napi::Function::New(env, unseal));
  exports.Set("programs", Napi::Function::New(env, programs));
  exports.Set("compileFilter", Napi::Function::New(env, compileFilter));
  exports.Set("detaching", Napi::Function::New(env, [](const Napi::CallbackInfo &info) -> Napi::Value {
                return Napi::Number::New(info.Env(), skbt::detaching());
              }));
  Tracer::init(env, exports);
  return exports;
}

} // namespace

NODE_API_MODULE(skbtracer, init)
