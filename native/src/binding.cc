// SPDX-License-Identifier: Apache-2.0
// The only file that sees Node. Arguments are trusted: native/index.ts has checked them.
#include "attach.h"
#include "capabilities.h"
#include "filter.h"
#include "functions.h"
#include "symbols.h"
#include "tracer.h"

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>

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

// Read once per process, and again by functions(), which sees modules loaded meanwhile.
struct Kernel {
  std::shared_ptr<const skbt::Symbols> symbols;
  std::shared_ptr<const std::vector<skbt::Function>> functions;
};
std::mutex kernelLock;
Kernel kernel;

skbt::Result<Kernel> readKernel() {
  auto symbols = skbt::Symbols::read();
  if (!symbols)
    return symbols.error();
  Kernel read;
  read.symbols = std::make_shared<const skbt::Symbols>(std::move(*symbols));
  auto functions = skbt::findFunctions(*read.symbols);
  if (!functions)
    return functions.error();
  read.functions = std::make_shared<const std::vector<skbt::Function>>(std::move(*functions));
  const std::lock_guard guard(kernelLock);
  kernel = read;
  return read;
}

skbt::Result<Kernel> knownKernel() {
  {
    const std::lock_guard guard(kernelLock);
    if (kernel.functions)
      return kernel;
  }
  return readKernel();
}

skbt::Backend bestBackend() {
  return skbt::capabilities().kprobeMulti.ok ? skbt::Backend::KprobeMulti : skbt::Backend::Kprobe;
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
  return Async<Kernel>::run(info.Env(), readKernel, [](Napi::Env env, Kernel &k) {
    Napi::Array list = Napi::Array::New(env, k.functions->size());
    uint32_t i = 0;
    for (const skbt::Function &f : *k.functions) {
      Napi::Object one = Napi::Object::New(env);
      one.Set("id", f.id);
      one.Set("name", f.name);
      one.Set("module", f.module);
      one.Set("argument", f.argument);
      list.Set(i++, one);
    }
    return list;
  });
}

Napi::Value dropReasons(const Napi::CallbackInfo &info) {
  using Reasons = std::vector<skbt::DropReason>;
  return Async<Reasons>::run(info.Env(), skbt::findDropReasons, [](Napi::Env env, Reasons &reasons) {
    Napi::Array list = Napi::Array::New(env, reasons.size());
    uint32_t i = 0;
    for (const skbt::DropReason &reason : reasons) {
      Napi::Object one = Napi::Object::New(env);
      one.Set("value", reason.value);
      one.Set("name", reason.name);
      list.Set(i++, one);
    }
    return list;
  });
}

Napi::Value programs(const Napi::CallbackInfo &info) {
  using Programs = std::vector<skbt::PlannedProgram>;
  return Async<Programs>::run(
      info.Env(), []() -> skbt::Result<Programs> { return skbt::plannedPrograms(); },
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
  load.trackedPackets = number("trackedPackets");
  load.stackTable = number("stackTable");
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

class Tracer : public Napi::ObjectWrap<Tracer> {
public:
  static void init(Napi::Env env, Napi::Object exports) {
    exports.Set("Tracer",
                DefineClass(env, "Tracer",
                            {InstanceMethod<&Tracer::start>("start"), InstanceMethod<&Tracer::update>("update"),
                             InstanceMethod<&Tracer::release>("release"), InstanceMethod<&Tracer::stats>("stats"),
                             InstanceMethod<&Tracer::cost>("cost"), InstanceMethod<&Tracer::endCost>("endCost"),
                             InstanceMethod<&Tracer::stop>("stop")}));
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
  void release(const Napi::CallbackInfo &) { tracer->release(); }
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
  const Napi::Array given_ids = given.Get("functionIds").As<Napi::Array>();
  std::vector<uint32_t> ids(given_ids.Length());
  for (uint32_t i = 0; i < ids.size(); i++)
    ids[i] = given_ids.Get(i).As<Napi::Number>().Uint32Value();

  if (running) {
    Napi::Promise::Deferred refused(env);
    refused.Reject(makeError(env, {"ALREADY_RUNNING", "the capture runs already; stop it first"}));
    return refused.Promise();
  }
  running = true;
  deliver = Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "skbtracer batches", 0, 1);
  Ref();

  auto work = [options, ids = std::move(ids), tracer = tracer, deliver = deliver]() -> skbt::Result<skbt::Started> {
    if (auto done = compileInto(options->load.settings); !done)
      return done.error();
    auto known = knownKernel();
    if (!known)
      return known.error();
    for (const uint32_t id : ids) {
      if (id == 0 || id > known->functions->size())
        return Error{"UNKNOWN_FUNCTION", "there is no function with the id " + std::to_string(id)};
      options->functions.push_back(&(*known->functions)[id - 1]);
    }
    options->load.backend = bestBackend();
    return tracer->start(*options, known->symbols, [deliver](std::unique_ptr<skbt::Batch> batch) {
      skbt::Batch *raw = batch.release();
      // the reader bounds what waits; only a closing environment refuses
      if (deliver.NonBlockingCall(raw, onNodeThread) != napi_ok)
        delete raw;
    });
  };
  auto convert = [](Napi::Env e, skbt::Started &started) {
    Napi::Object object = Napi::Object::New(e);
    object.Set("attached", started.attached);
    object.Set("backend", bestBackend() == skbt::Backend::KprobeMulti ? "kprobe.multi" : "kprobe");
    object.Set("attachMs", started.attachMs);
    Napi::Array refused = Napi::Array::New(e, started.refused.size());
    uint32_t i = 0;
    for (const auto &refusal : started.refused) {
      Napi::Object one = Napi::Object::New(e);
      one.Set("name", refusal.name);
      one.Set("reason", refusal.reason);
      refused.Set(i++, one);
    }
    object.Set("refused", refused);
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
  exports.Set("dropReasons", Napi::Function::New(env, dropReasons));
  exports.Set("programs", Napi::Function::New(env, programs));
  exports.Set("compileFilter", Napi::Function::New(env, compileFilter));
  Tracer::init(env, exports);
  return exports;
}

} // namespace

NODE_API_MODULE(skbtracer, init)
