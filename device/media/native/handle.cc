#include "handle.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <thread>
#include <utility>

#include "errors.h"

// Marks our objects, so that no other wrapped object is taken for a Handle.
static const napi_type_tag handleTag = {0x6f7e1d2b94c34a55, 0x9d0c7b3e2a8f4116};

void Handle::define(Napi::Env env) {
  Napi::Function constructor = DefineClass(env, "Handle",
                                           {InstanceAccessor<&Handle::kind>("kind"), InstanceAccessor<&Handle::name>("name"),
                                            InstanceAccessor<&Handle::typeName>("typeName"),
                                            InstanceAccessor<&Handle::disposed>("disposed"),
                                            InstanceMethod<&Handle::dispose>("dispose")});
  Environment::of(env)->handleClass = Napi::Persistent(constructor);
}

Handle::Handle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Handle>(info), environment_(Environment::of(info.Env())), id_(++environment_->handlesMade) {
  if (!environment_->constructing) throw roomError(info.Env(), "media.gst_argument", "Handles are made by the binding only");
  object_ = std::exchange(environment_->constructing, nullptr);
  // Not ref_sink: a floating object that somebody already holds (webrtcbin 1.22 never sinks its ICE agent) would lose that reference.
  g_object_ref(object_);
  info.This().As<Napi::Object>().TypeTag(&handleTag);
  environment_->handles.insert(this);
  ++*environment_->live;
}

Handle::~Handle() {
  if (!object_) return;
  environment_->handles.erase(this);
  --*environment_->live;
  if (!GST_IS_PIPELINE(object_) || GST_STATE(object_) == GST_STATE_NULL) {
    g_object_unref(object_);
    return;
  }
  // A pipeline that JavaScript lost while it plays. At the end of the process the kernel closes what it holds: stopping it could hang the
  // exit. Otherwise it is stopped aside, since only a stopped pipeline may be freed.
  if (environment_->closing) return;
  std::thread([pipeline = object_] {
    gst_element_set_state(GST_ELEMENT(pipeline), GST_STATE_NULL);
    g_object_unref(pipeline);
  }).detach();
}

void Handle::drop() {
  if (!object_) return;
  environment_->detachFrom(id_);
  GObject* object = object_;
  object_ = nullptr;
  environment_->handles.erase(this);
  --*environment_->live;
  g_object_unref(object);
}

Napi::Value Handle::kind(const Napi::CallbackInfo& info) {
  const char* kind = "object";
  if (GST_IS_PIPELINE(object_)) kind = "pipeline";
  else if (GST_IS_BIN(object_)) kind = "bin";
  else if (GST_IS_APP_SINK(object_)) kind = "app-sink";
  else if (GST_IS_APP_SRC(object_)) kind = "app-src";
  else if (GST_IS_ELEMENT(object_)) kind = "element";
  else if (GST_IS_PAD(object_)) kind = "pad";
  else if (GST_IS_DEVICE(object_)) kind = "device";
  return Napi::String::New(info.Env(), kind);
}

Napi::Value Handle::name(const Napi::CallbackInfo& info) {
  if (!GST_IS_OBJECT(object_)) return Napi::String::New(info.Env(), "");
  gchar* name = gst_object_get_name(GST_OBJECT(object_));
  auto value = Napi::String::New(info.Env(), name ? name : "");
  g_free(name);
  return value;
}

Napi::Value Handle::typeName(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), object_ ? G_OBJECT_TYPE_NAME(object_) : "");
}

Napi::Value Handle::disposed(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), object_ == nullptr); }

Napi::Value Handle::dispose(const Napi::CallbackInfo& info) {
  drop();
  return info.Env().Undefined();
}

Napi::Value newHandle(Napi::Env env, gpointer object) {
  auto environment = Environment::of(env);
  // Not an argument: a Napi::External for each would be garbage of its own.
  environment->constructing = G_OBJECT(object);
  return environment->handleClass.New({});
}

Napi::Value wrapObject(Napi::Env env, gpointer object) {
  if (!object) return env.Null();
  return Environment::of(env)->wrap.Call({newHandle(env, object)});
}

Napi::Value wrapOwned(Napi::Env env, gpointer object) {
  if (!object) return env.Null();
  struct Unref {
    gpointer object;
    ~Unref() { g_object_unref(object); }
  } unref{object};
  return wrapObject(env, object);
}

Handle* handleOf(const Napi::Value& value) {
  if (!value.IsObject()) return nullptr;
  auto object = value.As<Napi::Object>();
  if (!object.CheckTypeTag(&handleTag)) {
    Napi::Value inner = object.Get("handle");
    if (!inner.IsObject() || !inner.As<Napi::Object>().CheckTypeTag(&handleTag)) return nullptr;
    object = inner.As<Napi::Object>();
  }
  return Handle::Unwrap(object);
}

GObject* objectOf(const Napi::Value& value, GType type) {
  Handle* handle = handleOf(value);
  if (!handle) throw roomError(value.Env(), "media.gst_argument", std::string("Expected a ") + g_type_name(type));
  GObject* object = handle->object();
  if (!object) throw roomError(value.Env(), "media.gst_disposed", std::string(g_type_name(type)) + " used after dispose");
  if (!g_type_is_a(G_OBJECT_TYPE(object), type))
    throw roomError(value.Env(), "media.gst_argument", std::string("Expected a ") + g_type_name(type) + ", got a " + G_OBJECT_TYPE_NAME(object));
  return object;
}
