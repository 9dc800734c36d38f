#pragma once
#include <gst/gst.h>
#include <napi.h>

#include <memory>

#include "environment.h"

/**
 * JavaScript's counted reference to one GObject. The TypeScript classes hold one each and pass it to every function of the addon.
 * JavaScript thread only.
 */
class Handle : public Napi::ObjectWrap<Handle> {
 public:
  static void define(Napi::Env env);
  explicit Handle(const Napi::CallbackInfo& info);
  ~Handle() override;

  /** Null once disposed. */
  GObject* object() const { return object_; }

  /** Never used twice, unlike an address. */
  uint64_t id() const { return id_; }

  /** Drops the reference and the connections made through it. Idempotent. */
  void drop();

 private:
  Napi::Value kind(const Napi::CallbackInfo& info);
  Napi::Value name(const Napi::CallbackInfo& info);
  Napi::Value typeName(const Napi::CallbackInfo& info);
  Napi::Value disposed(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<Environment> environment_;
  uint64_t id_;
  GObject* object_ = nullptr;
};

/** A handle that shares the object: takes a reference of its own. */
Napi::Value newHandle(Napi::Env env, gpointer object);

/** A handle wrapped in its TypeScript class; null for no object. */
Napi::Value wrapObject(Napi::Env env, gpointer object);

/** As wrapObject, giving up the caller's reference. */
Napi::Value wrapOwned(Napi::Env env, gpointer object);

/** The Handle behind a value (a handle, or an object of a TypeScript class), or null when it is none. */
Handle* handleOf(const Napi::Value& value);

/** The id of the handle behind an argument, 0 for none. */
inline uint64_t handleId(const Napi::Value& value) {
  Handle* handle = handleOf(value);
  return handle ? handle->id() : 0;
}

/** The object behind a value, no new reference. Throws `media.gst_argument`, or `media.gst_disposed`. */
GObject* objectOf(const Napi::Value& value, GType type);

inline GObject* objectArgument(const Napi::CallbackInfo& info, size_t index) { return objectOf(info[index], G_TYPE_OBJECT); }
inline GstElement* elementArgument(const Napi::CallbackInfo& info, size_t index) {
  return GST_ELEMENT_CAST(objectOf(info[index], GST_TYPE_ELEMENT));
}
inline GstBin* binArgument(const Napi::CallbackInfo& info, size_t index) { return GST_BIN_CAST(objectOf(info[index], GST_TYPE_BIN)); }
inline GstPad* padArgument(const Napi::CallbackInfo& info, size_t index) { return GST_PAD_CAST(objectOf(info[index], GST_TYPE_PAD)); }
