#include <gst/gst.h>
#include <gst/video/video.h>

#include "errors.h"
#include "from_js.h"
#include "functions.h"
#include "handle.h"

/** Queries in seconds; -1 when unknown. */
static Napi::Value queryTime(const Napi::CallbackInfo& info) {
  GstElement* element = elementArgument(info, 0);
  gint64 time = -1;
  const bool known = stringArgument(info, 1, "What") == "duration"
                         ? gst_element_query_duration(element, GST_FORMAT_TIME, &time)
                         : gst_element_query_position(element, GST_FORMAT_TIME, &time);
  return Napi::Number::New(info.Env(), known && time >= 0 ? static_cast<double>(time) / GST_SECOND : -1);
}

static Napi::Value seek(const Napi::CallbackInfo& info) {
  GstElement* element = elementArgument(info, 0);
  const double seconds = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!(seconds >= 0 && seconds < 9e9)) throw roomError(info.Env(), "media.gst_argument", "Position must be >= 0");
  return Napi::Boolean::New(info.Env(), gst_element_seek_simple(element, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                                                static_cast<gint64>(seconds * GST_SECOND)));
}

/**
 * Hands the event to a pad or an element. Upstream, into a source pad it is sent, out of a sink pad it is pushed to the peer, an element
 * gets it at a source pad as if from downstream; downstream the mirror of it.
 */
static bool dispatch(GObject* object, GstEvent* event, bool upstream) {
  if (GST_IS_PAD(object)) {
    GstPad* pad = GST_PAD(object);
    return GST_PAD_IS_SRC(pad) == upstream ? gst_pad_send_event(pad, event) : gst_pad_push_event(pad, event);
  }
  return gst_element_send_event(GST_ELEMENT(object), event);
}

static GObject* padOrElement(const Napi::CallbackInfo& info) {
  GObject* object = objectArgument(info, 0);
  if (!GST_IS_PAD(object) && !GST_IS_ELEMENT(object)) throw roomError(info.Env(), "media.gst_argument", "Expected a pad or an element");
  return object;
}

static Napi::Value sendEos(const Napi::CallbackInfo& info) {
  GObject* object = padOrElement(info);
  return Napi::Boolean::New(info.Env(), dispatch(object, gst_event_new_eos(), false));
}

static Napi::Value forceKeyUnit(const Napi::CallbackInfo& info) {
  GObject* object = padOrElement(info);
  const bool upstream = info[1].ToBoolean();
  GstEvent* event = upstream ? gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0)
                             : gst_video_event_new_downstream_force_key_unit(GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE,
                                                                             GST_CLOCK_TIME_NONE, TRUE, 0);
  return Napi::Boolean::New(info.Env(), dispatch(object, event, upstream));
}

static Napi::Value sendCustomEvent(const Napi::CallbackInfo& info) {
  GObject* object = padOrElement(info);
  const std::string name = stringArgument(info, 1, "Event name");
  if (!info[2].IsObject()) throw roomError(info.Env(), "media.gst_argument", "Event fields must be an object");
  GstStructure* structure = structureFromJs(info[2].As<Napi::Object>(), name.c_str());
  const bool upstream = info[3].ToBoolean();
  GstEvent* event = gst_event_new_custom(upstream ? GST_EVENT_CUSTOM_UPSTREAM : GST_EVENT_CUSTOM_DOWNSTREAM, structure);
  return Napi::Boolean::New(info.Env(), dispatch(object, event, upstream));
}

void addEvents(Napi::Env env, Napi::Object exports) {
  addFunction<queryTime>(env, exports, "queryTime");
  addFunction<seek>(env, exports, "seek");
  addFunction<sendEos>(env, exports, "sendEos");
  addFunction<forceKeyUnit>(env, exports, "forceKeyUnit");
  addFunction<sendCustomEvent>(env, exports, "sendCustomEvent");
}
