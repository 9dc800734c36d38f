#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "to_js.h"

namespace {

/** Wakes JavaScript when an app sink has a sample or ends. */
class SinkTap : public Attachment {
 public:
  SinkTap(Napi::Env env, GObject* sink, uint64_t through, Napi::Function wake)
      : Attachment(Environment::of(env), sink, through), wake_(env, wake, "appsink") {}
  void wake() { wake_.wake(); }

 protected:
  void takeOff(GObject* target) override {
    GstAppSinkCallbacks none{};
    if (target) gst_app_sink_set_callbacks(GST_APP_SINK(target), &none, nullptr, nullptr);
  }
  void release() override { wake_.wakeAndClose(); }

 private:
  Wake wake_;
};

GstAppSink* sinkArgument(const Napi::CallbackInfo& info) { return GST_APP_SINK(objectOf(info[0], GST_TYPE_APP_SINK)); }
GstAppSrc* sourceArgument(const Napi::CallbackInfo& info) { return GST_APP_SRC(objectOf(info[0], GST_TYPE_APP_SRC)); }

void checkFlow(Napi::Env env, GstFlowReturn result, const char* what) {
  if (result == GST_FLOW_OK) return;
  throw roomError(env, "media.gst_flow", std::string("Failed to ") + what + ": " + gst_flow_get_name(result));
}

}  // namespace

static Napi::Value sinkOpen(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstAppSink* sink = sinkArgument(info);
  auto tap = std::make_shared<SinkTap>(env, G_OBJECT(sink), handleId(info[0]), functionArgument(info, 1, "Wake"));
  Environment::of(env)->add(tap);
  GstAppSinkCallbacks callbacks{};
  callbacks.eos = [](GstAppSink*, gpointer data) { dataOf<SinkTap>(data).wake(); };
  callbacks.new_sample = [](GstAppSink*, gpointer data) {
    dataOf<SinkTap>(data).wake();
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(sink, &callbacks, ownedData(tap), endData<SinkTap>);
  return env.Undefined();
}

static Napi::Value sinkPull(const Napi::CallbackInfo& info) {
  GstSample* sample = gst_app_sink_try_pull_sample(sinkArgument(info), 0);
  if (!sample) return info.Env().Null();
  Napi::Value result = sampleToJs(info.Env(), sample);
  gst_sample_unref(sample);
  return result;
}

static Napi::Value sinkEnded(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), gst_app_sink_is_eos(sinkArgument(info)));
}

static Napi::Value sourcePush(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstAppSrc* source = sourceArgument(info);
  if (!info[1].IsTypedArray()) throw roomError(env, "media.gst_argument", "First argument must be a Buffer");
  auto bytes = info[1].As<Napi::Uint8Array>();
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, bytes.ByteLength(), nullptr);
  gst_buffer_fill(buffer, 0, bytes.Data(), bytes.ByteLength());
  if (info[2].IsTypedArray()) {
    auto pts = info[2].As<Napi::Uint8Array>();
    if (pts.ByteLength() >= 8) GST_BUFFER_PTS(buffer) = GST_READ_UINT64_BE(pts.Data());
  } else if (info[2].IsNumber()) {
    const double pts = info[2].As<Napi::Number>().DoubleValue();
    if (pts >= 0 && pts < 9e18) GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(pts);
  }
  checkFlow(env, gst_app_src_push_buffer(source, buffer), "push buffer");
  return env.Undefined();
}

static Napi::Value sourceEnd(const Napi::CallbackInfo& info) {
  checkFlow(info.Env(), gst_app_src_end_of_stream(sourceArgument(info)), "send end-of-stream");
  return info.Env().Undefined();
}

void addApp(Napi::Env env, Napi::Object exports) {
  addFunction<sinkOpen>(env, exports, "sinkOpen");
  addFunction<sinkPull>(env, exports, "sinkPull");
  addFunction<sinkEnded>(env, exports, "sinkEnded");
  addFunction<sourcePush>(env, exports, "sourcePush");
  addFunction<sourceEnd>(env, exports, "sourceEnd");
}
