#include <gst/gst.h>

#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "pad_block.h"
#include "to_js.h"

static Napi::Value padDirection(const Napi::CallbackInfo& info) {
  GstPad* pad = padArgument(info, 0);
  return Napi::String::New(info.Env(), GST_PAD_IS_SRC(pad) ? "src" : GST_PAD_IS_SINK(pad) ? "sink" : "unknown");
}

static Napi::Value padCaps(const Napi::CallbackInfo& info) {
  GstPad* pad = padArgument(info, 0);
  const std::string which = stringArgument(info, 1, "Which");
  GstCaps* caps = which == "allowed" ? gst_pad_get_allowed_caps(pad)
                  : which == "query" ? gst_pad_query_caps(pad, nullptr)
                                     : gst_pad_get_current_caps(pad);
  Napi::Value result = capsString(info.Env(), caps);
  if (caps) gst_caps_unref(caps);
  return result;
}

static Napi::Value padPeer(const Napi::CallbackInfo& info) { return wrapOwned(info.Env(), gst_pad_get_peer(padArgument(info, 0))); }

static Napi::Value padLink(const Napi::CallbackInfo& info) {
  GstPad* src = padArgument(info, 0);
  GstPad* sink = padArgument(info, 1);
  if (!GST_PAD_IS_SRC(src) || !GST_PAD_IS_SINK(sink))
    throw roomError(info.Env(), "media.gst_link", "A source pad is linked to a sink pad");
  const GstPadLinkReturn result = gst_pad_link(src, sink);
  if (result != GST_PAD_LINK_OK)
    throw roomError(info.Env(), "media.gst_link", std::string("Pads do not link: ") + gst_pad_link_get_name(result));
  unblockPad(src);
  return info.Env().Undefined();
}

static Napi::Value padUnlink(const Napi::CallbackInfo& info) {
  GstPad* pad = padArgument(info, 0);
  GstPad* peer = gst_pad_get_peer(pad);
  if (!peer) return Napi::Boolean::New(info.Env(), false);
  const bool unlinked = GST_PAD_IS_SRC(pad) ? gst_pad_unlink(pad, peer) : gst_pad_unlink(peer, pad);
  gst_object_unref(peer);
  return Napi::Boolean::New(info.Env(), unlinked);
}

namespace {

/** Tells JavaScript once that a pad is blocked. */
struct Blocking {
  std::shared_ptr<Channel> channel;
  Napi::Promise::Deferred deferred;
  std::atomic<bool> told{false};

  void tell(bool blocked) {
    if (told.exchange(true)) return;
    channel->post([channel = channel, deferred = deferred, blocked](Napi::Env env, Napi::Function) {
      if (blocked) deferred.Resolve(env.Undefined());
      else deferred.Reject(roomError(env, "media.gst_pad", "The pad was let go before it was blocked").Value());
      channel->close();
    });
  }
  ~Blocking() { tell(false); }
};

GstPadProbeReturn blocked(GstPad*, GstPadProbeInfo*, gpointer data) {
  (*static_cast<std::shared_ptr<Blocking>*>(data))->tell(true);
  return GST_PAD_PROBE_OK;
}

}  // namespace

static Napi::Value padBlock(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstPad* pad = padArgument(info, 0);
  if (isBlocked(pad)) throw roomError(env, "media.gst_pad", "The pad is blocked already");
  auto deferred = Napi::Promise::Deferred::New(env);
  std::shared_ptr<Blocking> blocking(new Blocking{Channel::open(env, Napi::Function(), "block", true), deferred});
  blockPad(pad, GST_PAD_PROBE_TYPE_IDLE, blocked, new std::shared_ptr<Blocking>(blocking),
           [](gpointer data) { delete static_cast<std::shared_ptr<Blocking>*>(data); });
  return deferred.Promise();
}

static Napi::Value padUnblock(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), unblockPad(padArgument(info, 0)));
}

static Napi::Value padBlocked(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), isBlocked(padArgument(info, 0)));
}

void addPads(Napi::Env env, Napi::Object exports) {
  addFunction<padDirection>(env, exports, "padDirection");
  addFunction<padCaps>(env, exports, "padCaps");
  addFunction<padPeer>(env, exports, "padPeer");
  addFunction<padLink>(env, exports, "padLink");
  addFunction<padUnlink>(env, exports, "padUnlink");
  addFunction<padBlock>(env, exports, "padBlock");
  addFunction<padUnblock>(env, exports, "padUnblock");
  addFunction<padBlocked>(env, exports, "padBlocked");
}
