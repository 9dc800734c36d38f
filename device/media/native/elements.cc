#include <gst/gst.h>

#include "errors.h"
#include "from_js.h"
#include "functions.h"
#include "handle.h"
#include "to_js.h"

static Napi::Value factoryName(const Napi::CallbackInfo& info) {
  GstElementFactory* factory = gst_element_get_factory(elementArgument(info, 0));
  return factory ? Napi::Value(Napi::String::New(info.Env(), GST_OBJECT_NAME(factory))) : info.Env().Null();
}

static Napi::Value parent(const Napi::CallbackInfo& info) {
  return wrapOwned(info.Env(), gst_object_get_parent(GST_OBJECT(objectOf(info[0], GST_TYPE_OBJECT))));
}

static Napi::Value pads(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstElement* element = elementArgument(info, 0);
  // A copy of the list, since wrapping runs JavaScript and may not happen under the element's lock.
  std::vector<GstPad*> found;
  GST_OBJECT_LOCK(element);
  for (GList* entry = element->pads; entry; entry = entry->next) found.push_back(GST_PAD(gst_object_ref(entry->data)));
  GST_OBJECT_UNLOCK(element);
  auto result = Napi::Array::New(env, found.size());
  for (size_t i = 0; i < found.size(); i++) result.Set(i, wrapOwned(env, found[i]));
  return result;
}

static Napi::Value staticPad(const Napi::CallbackInfo& info) {
  return wrapOwned(info.Env(), gst_element_get_static_pad(elementArgument(info, 0), stringArgument(info, 1, "Pad name").c_str()));
}

static Napi::Value padInfo(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstPad* pad = gst_element_get_static_pad(elementArgument(info, 0), stringArgument(info, 1, "Pad name").c_str());
  if (!pad) return env.Null();
  GstCaps* caps = gst_pad_get_current_caps(pad);
  auto result = Napi::Object::New(env);
  result.Set("name", GST_PAD_NAME(pad));
  result.Set("direction", static_cast<int>(GST_PAD_DIRECTION(pad)));
  result.Set("caps", capsString(env, caps));
  if (caps) gst_caps_unref(caps);
  gst_object_unref(pad);
  return result;
}

static Napi::Value requestPad(const Napi::CallbackInfo& info) {
  GstElement* element = elementArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Pad template");
  GstPad* pad = gst_element_request_pad_simple(element, name.c_str());
  if (!pad) throw roomError(info.Env(), "media.gst_pad", std::string(G_OBJECT_TYPE_NAME(element)) + " gives no pad '" + name + "'");
  return wrapOwned(info.Env(), pad);
}

static Napi::Value releasePad(const Napi::CallbackInfo& info) {
  GstElement* element = elementArgument(info, 0);
  GstPad* pad = padArgument(info, 1);
  if (GST_OBJECT_PARENT(pad) != GST_OBJECT(element)) throw roomError(info.Env(), "media.gst_pad", "The pad is of another element");
  gst_element_release_request_pad(element, pad);
  return info.Env().Undefined();
}

/** gst-kit: sets a pad property (`active-pad`) by the pad's name. */
static Napi::Value setPad(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstElement* element = elementArgument(info, 0);
  const std::string property = stringArgument(info, 1, "Property name");
  const std::string name = stringArgument(info, 2, "Pad name");
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property.c_str());
  if (!spec || !g_type_is_a(spec->value_type, GST_TYPE_PAD) || !(spec->flags & G_PARAM_WRITABLE))
    throw roomError(env, "media.gst_property_unknown", "Property '" + property + "' not found or no pad");
  GstPad* pad = gst_element_get_static_pad(element, name.c_str());
  if (!pad) throw roomError(env, "media.gst_pad", "Pad not found: " + name);
  g_object_set(element, property.c_str(), pad, nullptr);
  gst_object_unref(pad);
  return env.Undefined();
}

static const char* orNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

static Napi::Value linkElements(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstElement* from = elementArgument(info, 0);
  const std::string srcPad = optionalString(info, 1);
  GstElement* to = elementArgument(info, 2);
  const std::string sinkPad = optionalString(info, 3);
  const std::string filter = optionalString(info, 4);
  GstCaps* caps = filter.empty() ? nullptr : gst_caps_from_string(filter.c_str());
  if (!filter.empty() && !caps) throw roomError(env, "media.gst_argument", "Invalid caps string");
  const bool linked = gst_element_link_pads_filtered(from, orNull(srcPad), to, orNull(sinkPad), caps);
  if (caps) gst_caps_unref(caps);
  if (!linked)
    throw roomError(env, "media.gst_link", std::string(GST_OBJECT_NAME(from)) + " does not link to " + GST_OBJECT_NAME(to));
  return env.Undefined();
}

static Napi::Value unlinkElements(const Napi::CallbackInfo& info) {
  gst_element_unlink(elementArgument(info, 0), elementArgument(info, 1));
  return info.Env().Undefined();
}

void addElements(Napi::Env env, Napi::Object exports) {
  addFunction<factoryName>(env, exports, "factoryName");
  addFunction<parent>(env, exports, "parent");
  addFunction<pads>(env, exports, "pads");
  addFunction<staticPad>(env, exports, "staticPad");
  addFunction<padInfo>(env, exports, "padInfo");
  addFunction<requestPad>(env, exports, "requestPad");
  addFunction<releasePad>(env, exports, "releasePad");
  addFunction<setPad>(env, exports, "setPad");
  addFunction<linkElements>(env, exports, "linkElements");
  addFunction<unlinkElements>(env, exports, "unlinkElements");
}
