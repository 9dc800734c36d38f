#include <gst/gst.h>
#include <napi.h>

#include "environment.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"

/** init({RoomError, wrap}): what native code needs of TypeScript. */
static Napi::Value init(const Napi::CallbackInfo& info) {
  auto hooks = info[0].As<Napi::Object>();
  auto environment = Environment::of(info.Env());
  environment->roomError = Napi::Persistent(hooks.Get("RoomError").As<Napi::Function>());
  environment->wrap = Napi::Persistent(hooks.Get("wrap").As<Napi::Function>());
  return info.Env().Undefined();
}

static Napi::Value liveObjects(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), *Environment::of(info.Env())->live);
}

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  GError* error = nullptr;
  if (!gst_init_check(nullptr, nullptr, &error)) {
    const std::string message = error ? error->message : "GStreamer does not start";
    g_clear_error(&error);
    throw Napi::Error::New(env, message);
  }
  Environment::create(env);
  Handle::define(env);

  gchar* version = gst_version_string();
  exports.Set("version", version);
  g_free(version);
#ifdef INCAMERA_SANITIZED
  exports.Set("sanitized", true);
#else
  exports.Set("sanitized", false);
#endif
  addFunction<init>(env, exports, "init");
  addFunction<liveObjects>(env, exports, "liveObjects");
  addProperties(env, exports);
  addSignals(env, exports);
  addRequests(env, exports);
  addStates(env, exports);
  addElements(env, exports);
  addEvents(env, exports);
  addPads(env, exports);
  addProbes(env, exports);
  addBins(env, exports);
  addRemoval(env, exports);
  addBus(env, exports);
  addApp(env, exports);
  addFactories(env, exports);
  addDevices(env, exports);
  addMemory(env, exports);
  addGate(env, exports);
  return exports;
}

NODE_API_MODULE(incamera_gst, initialize)
