#include <gst/gst.h>

#include "errors.h"
#include "from_js.h"
#include "functions.h"
#include "handle.h"
#include "to_js.h"

static GParamSpec* findProperty(GObject* object, const std::string& name) {
  return g_object_class_find_property(G_OBJECT_GET_CLASS(object), name.c_str());
}

static Napi::Value same(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), objectArgument(info, 0) == objectArgument(info, 1));
}

static Napi::Value hasProperty(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), findProperty(objectArgument(info, 0), stringArgument(info, 1, "Property name")) != nullptr);
}

static Napi::Value getProperty(const Napi::CallbackInfo& info) {
  GObject* object = objectArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Property name");
  GParamSpec* spec = findProperty(object, name);
  if (!spec || !(spec->flags & G_PARAM_READABLE))
    throw roomError(info.Env(), "media.gst_property_unknown", "Property '" + name + "' not found on " + G_OBJECT_TYPE_NAME(object));
  ScopedValue value(spec->value_type);
  g_object_get_property(object, name.c_str(), value.get());
  return toJs(info.Env(), value.get());
}

/** gst-kit's form: `{type, value}` or null, 64-bit integers as bigint. */
static Napi::Value getElementProperty(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GObject* object = objectArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Property name");
  GParamSpec* spec = findProperty(object, name);
  if (!spec || !(spec->flags & G_PARAM_READABLE)) return env.Null();
  ScopedValue value(spec->value_type);
  g_object_get_property(object, name.c_str(), value.get());
  Napi::Value converted = toJs(env, value.get(), Wide::bigint);
  if (converted.IsNull() || converted.IsUndefined()) return env.Null();
  const char* type = "primitive";
  if (GST_VALUE_HOLDS_SAMPLE(value.get())) type = "sample";
  else if (converted.IsBuffer()) type = "buffer";
  else if (converted.IsArray()) type = "array";
  else if (converted.IsObject()) type = "object";
  auto result = Napi::Object::New(env);
  result.Set("type", type);
  result.Set("value", converted);
  return result;
}

static Napi::Value setProperty(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GObject* object = objectArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Property name");
  GParamSpec* spec = findProperty(object, name);
  if (!spec) throw roomError(env, "media.gst_property_unknown", "Property '" + name + "' not found on " + G_OBJECT_TYPE_NAME(object));
  if (!(spec->flags & G_PARAM_WRITABLE) || (spec->flags & G_PARAM_CONSTRUCT_ONLY))
    throw roomError(env, "media.gst_property_unknown", "Property '" + name + "' is not writable");
  ScopedValue value;
  propertyFromJs(info[2], spec, value.get());
  g_object_set_property(object, name.c_str(), value.get());
  return env.Undefined();
}

void addProperties(Napi::Env env, Napi::Object exports) {
  addFunction<same>(env, exports, "same");
  addFunction<hasProperty>(env, exports, "hasProperty");
  addFunction<getProperty>(env, exports, "getProperty");
  addFunction<getElementProperty>(env, exports, "getElementProperty");
  addFunction<setProperty>(env, exports, "setProperty");
}
