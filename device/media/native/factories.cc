#include <gst/gst.h>

#include "errors.h"
#include "functions.h"

static GstElementFactory* findFactory(const Napi::CallbackInfo& info) {
  return gst_element_factory_find(stringArgument(info, 0, "Element name").c_str());
}

static Napi::Value elementExists(const Napi::CallbackInfo& info) {
  GstElementFactory* factory = findFactory(info);
  if (factory) gst_object_unref(factory);
  return Napi::Boolean::New(info.Env(), factory != nullptr);
}

static Napi::Value setRank(const Napi::CallbackInfo& info) {
  GstElementFactory* factory = findFactory(info);
  if (!factory) return Napi::Boolean::New(info.Env(), false);
  gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(factory), info[1].ToNumber().Uint32Value());
  gst_object_unref(factory);
  return Napi::Boolean::New(info.Env(), true);
}

static Napi::Value listFactories(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto text = [&](const gchar* value) { return Napi::String::New(env, value ? value : ""); };
  auto result = Napi::Array::New(env);
  GList* features = gst_registry_get_feature_list(gst_registry_get(), GST_TYPE_ELEMENT_FACTORY);
  uint32_t index = 0;
  for (GList* entry = features; entry; entry = entry->next) {
    auto* feature = GST_PLUGIN_FEATURE(entry->data);
    auto* factory = GST_ELEMENT_FACTORY(feature);
    auto object = Napi::Object::New(env);
    object.Set("name", text(GST_OBJECT_NAME(feature)));
    object.Set("longName", text(gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_LONGNAME)));
    object.Set("klass", text(gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS)));
    object.Set("rank", Napi::Number::New(env, gst_plugin_feature_get_rank(feature)));
    object.Set("plugin", text(gst_plugin_feature_get_plugin_name(feature)));
    GstPlugin* plugin = gst_plugin_feature_get_plugin(feature);
    object.Set("licence", text(plugin ? gst_plugin_get_license(plugin) : nullptr));
    if (plugin) gst_object_unref(plugin);
    result.Set(index++, object);
  }
  gst_plugin_feature_list_free(features);
  return result;
}

void addFactories(Napi::Env env, Napi::Object exports) {
  addFunction<elementExists>(env, exports, "elementExists");
  addFunction<setRank>(env, exports, "setRank");
  addFunction<listFactories>(env, exports, "listFactories");
}
