#include <gst/gst.h>

#include "errors.h"
#include "functions.h"
#include "gate/webrtc_gate.h"
#include "handle.h"

namespace {

/** Elements directly in a bin or, in depth, of the whole tree; references for the caller. */
std::vector<GstElement*> children(GstBin* bin, bool recursive) {
  std::vector<GstElement*> found;
  GstIterator* iterator = recursive ? gst_bin_iterate_recurse(bin) : gst_bin_iterate_elements(bin);
  GValue item = G_VALUE_INIT;
  for (bool more = true; more;) {
    switch (gst_iterator_next(iterator, &item)) {
      case GST_ITERATOR_OK:
        found.push_back(GST_ELEMENT(g_value_dup_object(&item)));
        g_value_reset(&item);
        break;
      case GST_ITERATOR_RESYNC:
        for (auto* element : found) gst_object_unref(element);
        found.clear();
        gst_iterator_resync(iterator);
        break;
      default: more = false;
    }
  }
  if (G_IS_VALUE(&item)) g_value_unset(&item);
  gst_iterator_free(iterator);
  return found;
}

/** Sinks the floating reference, gives the new object its gates and wraps it. */
Napi::Value adopt(Napi::Env env, GstElement* element) {
  gst_object_ref_sink(element);
  guardTree(element);
  Napi::Value handle = newHandle(env, element);
  gst_object_unref(element);
  return handle;
}

Napi::Error parseError(Napi::Env env, GError* error) {
  const bool missing = error && g_error_matches(error, GST_PARSE_ERROR, GST_PARSE_ERROR_NO_SUCH_ELEMENT);
  const std::string message = error ? error->message : "The description gives no element";
  g_clear_error(&error);
  return roomError(env, missing ? "media.gst_element_missing" : "media.gst_parse", message);
}

}  // namespace

static Napi::Value parsePipeline(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string description = stringArgument(info, 0, "Description");
  GError* error = nullptr;
  GstElement* parsed = gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!parsed || error) {
    if (parsed) gst_object_unref(gst_object_ref_sink(parsed));
    throw parseError(env, error);
  }
  if (GST_IS_PIPELINE(parsed)) return adopt(env, parsed);
  GstElement* pipeline = gst_pipeline_new(nullptr);
  gst_bin_add(GST_BIN(pipeline), parsed);
  return adopt(env, pipeline);
}

static Napi::Value emptyPipeline(const Napi::CallbackInfo& info) {
  const std::string name = optionalString(info, 0);
  return adopt(info.Env(), gst_pipeline_new(name.empty() ? nullptr : name.c_str()));
}

static Napi::Value parseBin(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string description = stringArgument(info, 0, "Description");
  const std::string name = optionalString(info, 1);
  GError* error = nullptr;
  GstElement* bin =
      gst_parse_bin_from_description_full(description.c_str(), info[2].ToBoolean(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (!bin || error) {
    if (bin) gst_object_unref(gst_object_ref_sink(bin));
    throw parseError(env, error);
  }
  if (!name.empty()) gst_object_set_name(GST_OBJECT(bin), name.c_str());
  return adopt(env, bin);
}

static Napi::Value makeElement(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string factory = stringArgument(info, 0, "Factory");
  const std::string name = optionalString(info, 1);
  GstElement* element = gst_element_factory_make(factory.c_str(), name.empty() ? nullptr : name.c_str());
  if (!element) throw roomError(env, "media.gst_element_missing", "No element \"" + factory + "\" is installed");
  return adopt(env, element);
}

static Napi::Value binChild(const Napi::CallbackInfo& info) {
  return wrapOwned(info.Env(), gst_bin_get_by_name(binArgument(info, 0), stringArgument(info, 1, "Name").c_str()));
}

static Napi::Value binElements(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto found = children(binArgument(info, 0), info[1].ToBoolean());
  auto result = Napi::Array::New(env, found.size());
  for (size_t i = 0; i < found.size(); i++) result.Set(i, wrapOwned(env, found[i]));
  return result;
}

static Napi::Value binAdd(const Napi::CallbackInfo& info) {
  GstBin* bin = binArgument(info, 0);
  GstElement* element = elementArgument(info, 1);
  GstObject* parent = gst_object_get_parent(GST_OBJECT(element));
  if (parent) {
    gst_object_unref(parent);
    throw roomError(info.Env(), "media.gst_add", std::string(GST_OBJECT_NAME(element)) + " is in a bin already");
  }
  if (!gst_bin_add(bin, element))
    throw roomError(info.Env(), "media.gst_add", std::string(GST_OBJECT_NAME(element)) + ": the name is taken");
  return info.Env().Undefined();
}

static Napi::Value binRemove(const Napi::CallbackInfo& info) {
  GstBin* bin = binArgument(info, 0);
  GstElement* element = elementArgument(info, 1);
  if (GST_OBJECT_PARENT(element) != GST_OBJECT(bin) || !gst_bin_remove(bin, element))
    throw roomError(info.Env(), "media.gst_argument", std::string(GST_OBJECT_NAME(element)) + " is not in this bin");
  return info.Env().Undefined();
}

static Napi::Value binDot(const Napi::CallbackInfo& info) {
  gchar* text = gst_debug_bin_to_dot_data(binArgument(info, 0), GST_DEBUG_GRAPH_SHOW_ALL);
  auto value = Napi::String::New(info.Env(), text);
  g_free(text);
  return value;
}

static Napi::Value recalculateLatency(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), gst_bin_recalculate_latency(binArgument(info, 0)));
}

void addBins(Napi::Env env, Napi::Object exports) {
  addFunction<parsePipeline>(env, exports, "parsePipeline");
  addFunction<emptyPipeline>(env, exports, "emptyPipeline");
  addFunction<parseBin>(env, exports, "parseBin");
  addFunction<makeElement>(env, exports, "makeElement");
  addFunction<binChild>(env, exports, "binChild");
  addFunction<binElements>(env, exports, "binElements");
  addFunction<binAdd>(env, exports, "binAdd");
  addFunction<binRemove>(env, exports, "binRemove");
  addFunction<binDot>(env, exports, "binDot");
  addFunction<recalculateLatency>(env, exports, "recalculateLatency");
}
