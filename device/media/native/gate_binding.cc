#include <cstring>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "gate/webrtc_gate.h"
#include "handle.h"

// The gate as JavaScript sees it: expect and release, and reading. There is nothing here, and must be nothing, that opens it.

namespace {

const char* stateName(GateDecision::State state) {
  switch (state) {
    case GateDecision::State::open: return "open";
    case GateDecision::State::refused: return "refused";
    case GateDecision::State::waiting: break;
  }
  return "waiting";
}

/** One JavaScript listener. */
class GateListener : public Attachment {
 public:
  GateListener(Napi::Env env, GstElement* webrtcbin, Napi::Function listener)
      : Attachment(Environment::of(env), G_OBJECT(webrtcbin), 0), channel_(Channel::open(env, listener, "gate")) {}

  void listenTo(WebrtcGate& gate) {
    stop_ = gate.onChange([channel = channel_](GateDecision::State state) {
      channel->post([state](Napi::Env env, Napi::Function listener) { listener.Call({Napi::String::New(env, stateName(state))}); });
    });
  }

 protected:
  void takeOff(GObject*) override {
    if (stop_) stop_();
  }
  void release() override { channel_->close(); }

 private:
  std::shared_ptr<Channel> channel_;
  std::function<void()> stop_;
};

/** What the JavaScript object holds; the element only for the listeners' lifetime. */
struct GateFace {
  std::shared_ptr<WebrtcGate> gate;
  std::list<std::shared_ptr<GateListener>> listeners;
};

Fingerprint fingerprintArgument(const Napi::CallbackInfo& info) {
  Fingerprint fingerprint;
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array ||
      info[0].As<Napi::Uint8Array>().ByteLength() != fingerprint.size())
    throw roomError(info.Env(), "media.gst_argument", "A SHA-256 fingerprint has 32 bytes");
  std::memcpy(fingerprint.data(), info[0].As<Napi::Uint8Array>().Data(), fingerprint.size());
  return fingerprint;
}

Napi::Object countToJs(Napi::Env env, const GateCount& count) {
  auto object = Napi::Object::New(env);
  object.Set("passed", Napi::Number::New(env, static_cast<double>(count.passed)));
  object.Set("dropped", Napi::Number::New(env, static_cast<double>(count.dropped)));
  return object;
}

}  // namespace

static Napi::Value gateOf(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstElement* webrtcbin = elementArgument(info, 0);
  auto face = std::make_shared<GateFace>();
  face->gate = WebrtcGate::of(webrtcbin);
  if (!face->gate) throw roomError(env, "media.gst_argument", "Only a webrtcbin has a gate");

  auto object = Napi::Object::New(env);
  const auto& certificate = face->gate->certificate();
  if (!certificate) throw roomError(env, "media.gst_gate", "No certificate could be made");
  object.Set("certificateSha256", Napi::Buffer<uint8_t>::Copy(env, certificate->sha256.data(), certificate->sha256.size()));
  auto method = [&](const char* name, auto function) {
    object.Set(name, Napi::Function::New(env, [face, function](const Napi::CallbackInfo& call) -> Napi::Value { return function(*face, call); }));
  };
  method("expect", [](GateFace& face, const Napi::CallbackInfo& call) -> Napi::Value {
    face.gate->expect(fingerprintArgument(call));
    return call.Env().Undefined();
  });
  method("release", [](GateFace& face, const Napi::CallbackInfo& call) -> Napi::Value {
    face.gate->release();
    return call.Env().Undefined();
  });
  method("state", [](GateFace& face, const Napi::CallbackInfo& call) -> Napi::Value {
    return Napi::String::New(call.Env(), stateName(face.gate->state()));
  });
  method("counters", [](GateFace& face, const Napi::CallbackInfo& call) -> Napi::Value {
    auto counters = Napi::Object::New(call.Env());
    counters.Set("sent", countToJs(call.Env(), face.gate->sent));
    counters.Set("received", countToJs(call.Env(), face.gate->received));
    counters.Set("data", countToJs(call.Env(), face.gate->data));
    return counters;
  });
  GWeakRef* weak = new GWeakRef;
  g_weak_ref_init(weak, webrtcbin);
  std::shared_ptr<GWeakRef> element(weak, [](GWeakRef* weak) {
    g_weak_ref_clear(weak);
    delete weak;
  });
  method("onChange", [element](GateFace& face, const Napi::CallbackInfo& call) -> Napi::Value {
    auto* target = static_cast<GstElement*>(g_weak_ref_get(element.get()));
    if (!target) throw roomError(call.Env(), "media.gst_disposed", "Gate used after dispose");
    auto listener = std::make_shared<GateListener>(call.Env(), target, functionArgument(call, 0, "Listener"));
    gst_object_unref(target);
    Environment::of(call.Env())->add(listener);
    listener->listenTo(*face.gate);
    face.listeners.push_back(listener);
    return Napi::Function::New(call.Env(), [listener](const Napi::CallbackInfo& end) {
      listener->detach();
      return end.Env().Undefined();
    });
  });
  method("dispose", [](GateFace& face, const Napi::CallbackInfo& call) -> Napi::Value {
    for (auto& listener : face.listeners) listener->detach();
    face.listeners.clear();
    return call.Env().Undefined();
  });
  return object;
}

void addGate(Napi::Env env, Napi::Object exports) { addFunction<gateOf>(env, exports, "gateOf"); }
