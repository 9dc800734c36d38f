#include <gst/gst.h>
#include <gst/rtp/gstrtpbuffer.h>

#include <atomic>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "to_js.h"

namespace {

/** A probe on a pad; its id is known only after it was added, when it may already run. */
class Probe : public Attachment {
 public:
  using Attachment::Attachment;
  std::atomic<gulong> id{0};

 protected:
  void takeOff(GObject* target) override {
    if (target && id) gst_pad_remove_probe(GST_PAD(target), id);
  }
};

/** gst-kit's probe: every buffer is copied to JavaScript. */
class CopyProbe : public Probe {
 public:
  CopyProbe(Napi::Env env, GstPad* pad, uint64_t through, Napi::Function listener)
      : Probe(Environment::of(env), G_OBJECT(pad), through), channel_(Channel::open(env, listener, "padProbe")) {}

  void post(GstPad* pad, GstBuffer* buffer) {
    // The sample's reference keeps the bytes until the JavaScript thread reads them; who writes meanwhile gets a copy.
    GstCaps* caps = gst_pad_get_current_caps(pad);
    std::shared_ptr<GstSample> sample(gst_sample_new(buffer, caps, nullptr, nullptr), gst_sample_unref);
    if (caps) gst_caps_unref(caps);
    channel_->post([sample](Napi::Env env, Napi::Function listener) { listener.Call({describe(env, sample.get())}); });
  }

 protected:
  void release() override { channel_->close(); }

 private:
  static Napi::Object describe(Napi::Env env, GstSample* sample) {
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    auto data = Napi::Object::New(env);
    data.Set("buffer", bytesToJs(env, buffer));
    auto number = [&](const char* name, guint64 value, guint64 none) {
      if (value != none) data.Set(name, Napi::Number::New(env, static_cast<double>(value)));
    };
    number("pts", GST_BUFFER_PTS(buffer), GST_CLOCK_TIME_NONE);
    number("dts", GST_BUFFER_DTS(buffer), GST_CLOCK_TIME_NONE);
    number("duration", GST_BUFFER_DURATION(buffer), GST_CLOCK_TIME_NONE);
    number("offset", GST_BUFFER_OFFSET(buffer), GST_BUFFER_OFFSET_NONE);
    number("offsetEnd", GST_BUFFER_OFFSET_END(buffer), GST_BUFFER_OFFSET_NONE);
    data.Set("flags", Napi::Number::New(env, GST_BUFFER_FLAGS(buffer)));
    GstCaps* caps = gst_sample_get_caps(sample);
    if (caps) data.Set("caps", capsToJs(env, caps));
    const bool isRtp = caps && gst_caps_get_size(caps) > 0 && gst_structure_has_name(gst_caps_get_structure(caps, 0), "application/x-rtp");
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    if (isRtp && gst_rtp_buffer_map(buffer, GST_MAP_READ, &rtp)) {
      auto header = Napi::Object::New(env);
      header.Set("timestamp", Napi::Number::New(env, gst_rtp_buffer_get_timestamp(&rtp)));
      header.Set("sequence", Napi::Number::New(env, gst_rtp_buffer_get_seq(&rtp)));
      header.Set("ssrc", Napi::Number::New(env, gst_rtp_buffer_get_ssrc(&rtp)));
      header.Set("payloadType", Napi::Number::New(env, gst_rtp_buffer_get_payload_type(&rtp)));
      gst_rtp_buffer_unmap(&rtp);
      data.Set("rtp", header);
    }
    return data;
  }

  std::shared_ptr<Channel> channel_;
};

/** Counts on the streaming thread; JavaScript reads when it likes. */
class CountProbe : public Probe {
 public:
  using Probe::Probe;

  void count(GstBuffer* buffer) {
    const gint64 now = g_get_monotonic_time();
    if (buffers_++ == 0) {
      first_ = now;
      firstEpoch_ = g_get_real_time();
    }
    last_ = now;
    bytes_ += gst_buffer_get_size(buffer);
    if (!GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) keys_++;
  }

  void caps(const GstCaps* caps) {
    if (!caps || gst_caps_get_size(caps) == 0) return;
    const GstStructure* structure = gst_caps_get_structure(caps, 0);
    gint width = 0, height = 0;
    gst_structure_get_int(structure, "width", &width);
    gst_structure_get_int(structure, "height", &height);
    width_ = width;
    height_ = height;
  }

  Napi::Value read(Napi::Env env) const {
    auto result = Napi::Object::New(env);
    const uint64_t buffers = buffers_;
    auto milliseconds = [&](gint64 microseconds) {
      return buffers ? Napi::Value(Napi::Number::New(env, microseconds / 1000.0)) : env.Null();
    };
    result.Set("buffers", Napi::Number::New(env, static_cast<double>(buffers)));
    result.Set("bytes", Napi::Number::New(env, static_cast<double>(bytes_)));
    result.Set("keyBuffers", Napi::Number::New(env, static_cast<double>(keys_)));
    result.Set("firstMs", milliseconds(first_));
    result.Set("lastMs", milliseconds(last_));
    result.Set("firstEpochMs", milliseconds(firstEpoch_));
    result.Set("width", Napi::Number::New(env, width_));
    result.Set("height", Napi::Number::New(env, height_));
    return result;
  }

 private:
  std::atomic<uint64_t> buffers_{0}, bytes_{0}, keys_{0};
  std::atomic<gint64> first_{0}, last_{0}, firstEpoch_{0};
  std::atomic<gint> width_{0}, height_{0};
};

/** Payloaders push lists. */
const auto anyBuffer = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);

template <typename Take>
void eachBuffer(GstPadProbeInfo* info, Take take) {
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    take(GST_PAD_PROBE_INFO_BUFFER(info));
    return;
  }
  GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
  for (guint i = 0; i < gst_buffer_list_length(list); i++) take(gst_buffer_list_get(list, i));
}

GstPadProbeReturn copyBuffers(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  eachBuffer(info, [&](GstBuffer* buffer) { dataOf<CopyProbe>(data).post(pad, buffer); });
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn countData(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& probe = dataOf<CountProbe>(data);
  if (info->type & anyBuffer) {
    eachBuffer(info, [&](GstBuffer* buffer) { probe.count(buffer); });
  } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(GST_PAD_PROBE_INFO_EVENT(info), &caps);
    probe.caps(caps);
  }
  return GST_PAD_PROBE_OK;
}

/** Answers of more than `data` nanoseconds become that; they pass here on their way back. */
GstPadProbeReturn capLatency(GstPad*, GstPadProbeInfo* info, gpointer data) {
  GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return GST_PAD_PROBE_OK;
  gboolean live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  const GstClockTime cap = *static_cast<GstClockTime*>(data);
  if (least > cap) gst_query_set_latency(query, live, cap, most);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn dropUntimed(GstPad*, GstPadProbeInfo* info, gpointer) {
  return GST_BUFFER_PTS_IS_VALID(GST_PAD_PROBE_INFO_BUFFER(info)) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

}  // namespace

static Napi::Value addPadProbe(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstElement* element = elementArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Pad name");
  Napi::Function listener = functionArgument(info, 2, "Callback");
  GstPad* pad = gst_element_get_static_pad(element, name.c_str());
  if (!pad) throw roomError(env, "media.gst_pad", "Failed to get pad: " + name);
  auto probe = std::make_shared<CopyProbe>(env, pad, handleId(info[0]), listener);
  Environment::of(env)->add(probe);
  probe->id = gst_pad_add_probe(pad, anyBuffer, copyBuffers, ownedData(probe), endData<CopyProbe>);
  gst_object_unref(pad);
  return Napi::Function::New(env, [weak = std::weak_ptr<CopyProbe>(probe)](const Napi::CallbackInfo& call) {
    if (auto probe = weak.lock()) probe->detach();
    return call.Env().Undefined();
  });
}

static Napi::Value padCount(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstPad* pad = padArgument(info, 0);
  // Not tied to the handle: a counter outlives the wrapper of its pad.
  auto probe = std::make_shared<CountProbe>(Environment::of(env), G_OBJECT(pad), 0);
  Environment::of(env)->add(probe);
  if (GstCaps* caps = gst_pad_get_current_caps(pad)) {
    probe->caps(caps);
    gst_caps_unref(caps);
  }
  probe->id = gst_pad_add_probe(pad, static_cast<GstPadProbeType>(anyBuffer | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM), countData,
                                ownedData(probe), endData<CountProbe>);
  auto counter = Napi::Object::New(env);
  counter.Set("counts", Napi::Function::New(env, [probe](const Napi::CallbackInfo& call) { return probe->read(call.Env()); }));
  counter.Set("dispose", Napi::Function::New(env, [probe](const Napi::CallbackInfo& call) {
    probe->detach();
    return call.Env().Undefined();
  }));
  return counter;
}

static Napi::Value padCapLatency(const Napi::CallbackInfo& info) {
  GstPad* pad = padArgument(info, 0);
  auto* cap = new GstClockTime(info[1].ToNumber().Uint32Value() * GST_MSECOND);
  // No JavaScript behind it: it ends with its pad.
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_UPSTREAM | GST_PAD_PROBE_TYPE_PULL), capLatency, cap,
                    [](gpointer data) { delete static_cast<GstClockTime*>(data); });
  return info.Env().Undefined();
}

static Napi::Value padDropUntimed(const Napi::CallbackInfo& info) {
  // No JavaScript behind it: it ends with its pad.
  gst_pad_add_probe(padArgument(info, 0), GST_PAD_PROBE_TYPE_BUFFER, dropUntimed, nullptr, nullptr);
  return info.Env().Undefined();
}

void addProbes(Napi::Env env, Napi::Object exports) {
  addFunction<addPadProbe>(env, exports, "addPadProbe");
  addFunction<padCount>(env, exports, "padCount");
  addFunction<padCapLatency>(env, exports, "padCapLatency");
  addFunction<padDropUntimed>(env, exports, "padDropUntimed");
}
