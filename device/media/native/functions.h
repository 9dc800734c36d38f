#pragma once
#include <napi.h>

// Each adds its functions to the addon; one file each. Signatures: NativeAddon in gst/native.ts.
void addProperties(Napi::Env env, Napi::Object exports);
void addSignals(Napi::Env env, Napi::Object exports);
void addRequests(Napi::Env env, Napi::Object exports);
void addStates(Napi::Env env, Napi::Object exports);
void addElements(Napi::Env env, Napi::Object exports);
void addEvents(Napi::Env env, Napi::Object exports);
void addPads(Napi::Env env, Napi::Object exports);
void addProbes(Napi::Env env, Napi::Object exports);
void addBins(Napi::Env env, Napi::Object exports);
void addRemoval(Napi::Env env, Napi::Object exports);
void addBus(Napi::Env env, Napi::Object exports);
void addApp(Napi::Env env, Napi::Object exports);
void addFactories(Napi::Env env, Napi::Object exports);
void addDevices(Napi::Env env, Napi::Object exports);
void addMemory(Napi::Env env, Napi::Object exports);
void addGate(Napi::Env env, Napi::Object exports);

/** Sets one function. */
template <Napi::Value (*Function)(const Napi::CallbackInfo&)>
void addFunction(Napi::Env env, Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<Function>(env, name));
}
