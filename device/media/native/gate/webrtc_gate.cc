#include "webrtc_gate.h"

#include <gst/video/video.h>

#include <cstring>

namespace {

using GatePtr = std::shared_ptr<WebrtcGate>;

void freeGate(gpointer data) { delete static_cast<GatePtr*>(data); }
void freeGateClosure(gpointer data, GClosure*) { freeGate(data); }

bool isFactory(GstElement* element, const char* name) {
  GstElementFactory* factory = gst_element_get_factory(element);
  return factory && std::strcmp(GST_OBJECT_NAME(factory), name) == 0;
}

/** What hangs on one pad: the way buffers go, and whether the next one that passes is the first. */
struct PadWatch {
  GatePtr gate;
  std::atomic<bool>* open;
  GateCount* count;
  bool wantsKeyFrame;
  bool droppedSome = false;
};

void freePadWatch(gpointer data) { delete static_cast<PadWatch*>(data); }

/** The picture starts with a key frame; what came before the opening is gone for good, so one is asked for. */
void askForKeyFrame(GstPad* pad) {
  GstEvent* event = gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0);
  if (GST_PAD_IS_SRC(pad)) gst_pad_send_event(pad, event);
  else gst_pad_push_event(pad, event);
}

GstPadProbeReturn filter(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto* watch = static_cast<PadWatch*>(data);
  const uint64_t buffers = info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST ? gst_buffer_list_length(GST_PAD_PROBE_INFO_BUFFER_LIST(info)) : 1;
  if (!watch->open->load(std::memory_order_acquire)) {
    watch->count->dropped += buffers;
    watch->droppedSome = true;
    return GST_PAD_PROBE_DROP;
  }
  watch->count->passed += buffers;
  if (watch->droppedSome) {
    watch->droppedSome = false;
    if (watch->wantsKeyFrame) askForKeyFrame(pad);
  }
  return GST_PAD_PROBE_OK;
}

void watch(GstPad* pad, const GatePtr& gate, std::atomic<bool>* open, GateCount* count, bool wantsKeyFrame) {
  // Buffers in both modes of scheduling; events pass, so that caps and segments are there when the gate opens.
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST), filter,
                    new PadWatch{gate, open, count, wantsKeyFrame}, freePadWatch);
}

bool isWebrtcbin(GstElement* element) { return isFactory(element, "webrtcbin"); }

void guardAdded(GstBin*, GstBin*, GstElement* element, gpointer) { WebrtcGate::of(element); }

}  // namespace

GatePtr WebrtcGate::of(GstElement* element) {
  static std::mutex mutex;
  static const GQuark quark = g_quark_from_static_string("incamera-gate");
  if (!isWebrtcbin(element)) return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  auto* found = static_cast<GatePtr*>(g_object_get_qdata(G_OBJECT(element), quark));
  if (found) return *found;
  auto gate = std::make_shared<WebrtcGate>();
  g_object_set_qdata_full(G_OBJECT(element), quark, new GatePtr(gate), freeGate);
  gate->attach(element);
  return gate;
}

void WebrtcGate::attach(GstElement* webrtcbin) {
  // A call without a certificate of its own would be made with the one of the process.
  if (!certificate_) decide([](GateDecision& decision) { decision.presentUnreadable(); });
  auto self = shared_from_this();
  g_signal_connect_data(webrtcbin, "pad-added",
                        G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer data) { (*static_cast<GatePtr*>(data))->watchPad(pad); }),
                        new GatePtr(self), freeGateClosure, GConnectFlags(0));
  g_signal_connect_data(webrtcbin, "deep-element-added",
                        G_CALLBACK(+[](GstBin*, GstBin*, GstElement* element, gpointer data) {
                          (*static_cast<GatePtr*>(data))->watchElement(element);
                        }),
                        new GatePtr(self), freeGateClosure, GConnectFlags(0));
  // A launch description may have requested pads before we see the element; nothing flows yet in NULL.
  gst_element_foreach_pad(
      webrtcbin,
      [](GstElement*, GstPad* pad, gpointer data) -> gboolean {
        static_cast<WebrtcGate*>(data)->watchPad(pad);
        return TRUE;
      },
      this);
  GstIterator* children = gst_bin_iterate_recurse(GST_BIN(webrtcbin));
  gst_iterator_foreach(
      children,
      [](const GValue* item, gpointer data) {
        static_cast<WebrtcGate*>(data)->watchElement(GST_ELEMENT(g_value_get_object(item)));
      },
      this);
  gst_iterator_free(children);
}

void WebrtcGate::watchPad(GstPad* pad) {
  watch(pad, shared_from_this(), &open_, GST_PAD_IS_SINK(pad) ? &sent : &received, true);
}

void WebrtcGate::watchElement(GstElement* element) {
  if (isFactory(element, "dtlsdec")) return watchDtls(element);
  const char* padName = isFactory(element, "sctpenc") ? "src" : isFactory(element, "sctpdec") ? "sink" : nullptr;
  if (!padName) return;
  if (GstPad* pad = gst_element_get_static_pad(element, padName)) {
    watch(pad, shared_from_this(), &open_, &data, false);
    gst_object_unref(pad);
  } else {
    decide([](GateDecision& decision) { decision.presentUnreadable(); });
  }
}

void WebrtcGate::watchDtls(GstElement* dtlsdec) {
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(dtlsdec), "peer-pem")) {
    // A plugin that we do not know: what cannot be checked stays closed.
    decide([](GateDecision& decision) { decision.presentUnreadable(); });
    return;
  }
  if (certificate_) {
    g_object_set(dtlsdec, "pem", certificate_->pem.c_str(), nullptr);
    gchar* taken = nullptr;
    g_object_get(dtlsdec, "pem", &taken, nullptr);
    const auto fingerprint = fingerprintOfPem(taken);
    g_free(taken);
    if (!fingerprint || *fingerprint != certificate_->sha256) decide([](GateDecision& decision) { decision.presentUnreadable(); });
  }
  auto read = +[](GObject* object, GParamSpec*, gpointer data) {
    gchar* pem = nullptr;
    g_object_get(object, "peer-pem", &pem, nullptr);
    (*static_cast<GatePtr*>(data))->present(pem);
    g_free(pem);
  };
  g_signal_connect_data(dtlsdec, "notify::peer-pem", G_CALLBACK(read), new GatePtr(shared_from_this()), freeGateClosure, GConnectFlags(0));
  // Keys exist: looked at once more, so that a handshake that showed no certificate at all is refused too.
  auto keyed = +[](GObject* object, gpointer data) {
    gchar* pem = nullptr;
    g_object_get(object, "peer-pem", &pem, nullptr);
    (*static_cast<GatePtr*>(data))->present(pem);
    g_free(pem);
  };
  g_signal_connect_data(dtlsdec, "on-key-received", G_CALLBACK(keyed), new GatePtr(shared_from_this()), freeGateClosure, GConnectFlags(0));
}

void WebrtcGate::present(const char* pem) {
  const auto fingerprint = fingerprintOfPem(pem);
  decide([&](GateDecision& decision) {
    if (fingerprint) decision.present(*fingerprint);
    else decision.presentUnreadable();
  });
}

void WebrtcGate::expect(const Fingerprint& fingerprint) {
  decide([&](GateDecision& decision) { decision.expect(fingerprint); });
}

void WebrtcGate::release() {
  decide([](GateDecision& decision) { decision.release(); });
}

GateDecision::State WebrtcGate::state() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return decision_.state();
}

void WebrtcGate::decide(const std::function<void(GateDecision&)>& step) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto before = decision_.state();
  step(decision_);
  const auto now = decision_.state();
  open_.store(now == GateDecision::State::open, std::memory_order_release);
  if (now == before) return;
  // Listeners only post to JavaScript: they do not block, and call nothing back here.
  for (auto& listener : listeners_) listener(now);
}

std::function<void()> WebrtcGate::onChange(Listener listener) {
  std::lock_guard<std::mutex> lock(mutex_);
  listeners_.push_back(std::move(listener));
  auto entry = std::prev(listeners_.end());
  if (decision_.state() != GateDecision::State::waiting) (*entry)(decision_.state());
  return [weak = weak_from_this(), entry, done = std::make_shared<bool>(false)] {
    auto gate = weak.lock();
    if (!gate || *done) return;
    *done = true;
    std::lock_guard<std::mutex> lock(gate->mutex_);
    gate->listeners_.erase(entry);
  };
}

void guardTree(GstElement* root) {
  WebrtcGate::of(root);
  if (!GST_IS_BIN(root) || isWebrtcbin(root)) return;
  g_signal_connect(root, "deep-element-added", G_CALLBACK(guardAdded), nullptr);
  GstIterator* children = gst_bin_iterate_recurse(GST_BIN(root));
  gst_iterator_foreach(
      children, [](const GValue* item, gpointer) { WebrtcGate::of(GST_ELEMENT(g_value_get_object(item))); }, nullptr);
  gst_iterator_free(children);
}
