#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "task.h"

namespace {

using PadPtr = std::shared_ptr<GstPad>;

PadPtr own(GstPad* pad) { return PadPtr(pad, gst_object_unref); }

/** Waits until every pad that feeds the element is between two buffers, and holds them there. */
class Feeders {
 public:
  ~Feeders() { letGo(); }

  void hold(const PadPtr& pad) {
    auto arrived = std::make_shared<bool>(false);
    {
      std::lock_guard<std::mutex> lock(state_->mutex);
      state_->waiting++;
    }
    auto* data = new Idle{state_, arrived};
    const gulong id = gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_IDLE, idle, data, [](gpointer data) { delete static_cast<Idle*>(data); });
    held_.emplace_back(pad, id);
  }

  /**
   * False when a feeder did not come to rest: it is inside the element, which does not let it go. Bringing the element to NULL does;
   * the feeder then sees a flush.
   */
  bool wait() {
    std::unique_lock<std::mutex> lock(state_->mutex);
    return state_->rest.wait_for(lock, std::chrono::seconds(1), [&] { return state_->waiting == 0; });
  }

  void letGo() {
    for (auto& entry : held_)
      if (entry.second) gst_pad_remove_probe(entry.first.get(), entry.second);
    held_.clear();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable rest;
    int waiting = 0;
  };
  struct Idle {
    std::shared_ptr<State> state;
    std::shared_ptr<bool> arrived;
  };
  static GstPadProbeReturn idle(GstPad*, GstPadProbeInfo*, gpointer data) {
    auto* self = static_cast<Idle*>(data);
    std::lock_guard<std::mutex> lock(self->state->mutex);
    if (!*self->arrived) {
      *self->arrived = true;
      self->state->waiting--;
      self->state->rest.notify_all();
    }
    return GST_PAD_PROBE_OK;
  }
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::vector<std::pair<PadPtr, gulong>> held_;
};

struct Link {
  PadPtr own;
  PadPtr peer;
};

std::vector<Link> linksOf(GstElement* element) {
  std::vector<PadPtr> pads;
  GST_OBJECT_LOCK(element);
  for (GList* entry = element->pads; entry; entry = entry->next) pads.push_back(own(GST_PAD(gst_object_ref(entry->data))));
  GST_OBJECT_UNLOCK(element);
  std::vector<Link> links;
  for (auto& pad : pads)
    if (GstPad* peer = gst_pad_get_peer(pad.get())) links.push_back({pad, own(peer)});
  return links;
}

bool releaseIfRequested(GstPad* pad) {
  GstPadTemplate* shape = gst_pad_get_pad_template(pad);
  const bool requested = shape && GST_PAD_TEMPLATE_PRESENCE(shape) == GST_PAD_REQUEST;
  if (shape) gst_object_unref(shape);
  GstElement* parent = requested ? gst_pad_get_parent_element(pad) : nullptr;
  if (!parent) return false;
  gst_element_release_request_pad(parent, pad);
  gst_object_unref(parent);
  return true;
}

/** Gives the neighbours' pads that went with it. */
std::vector<PadPtr> takeOut(GstBin* bin, GstElement* element) {
  const auto links = linksOf(element);
  Feeders feeders;
  for (auto& link : links)
    if (GST_PAD_IS_SINK(link.own.get())) feeders.hold(link.peer);
  const bool atRest = feeders.wait();
  auto unlinkSinks = [&] {
    for (auto& link : links)
      if (GST_PAD_IS_SINK(link.own.get())) gst_pad_unlink(link.peer.get(), link.own.get());
  };
  if (atRest) unlinkSinks();
  // Else the bin could bring it up again with itself.
  gst_element_set_locked_state(element, TRUE);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_get_state(element, nullptr, nullptr, GST_CLOCK_TIME_NONE);
  if (!atRest) unlinkSinks();
  for (auto& link : links)
    if (GST_PAD_IS_SRC(link.own.get())) gst_pad_unlink(link.own.get(), link.peer.get());
  gst_bin_remove(bin, element);
  // Released before they are let go: a feeder that is gone cannot fail with not-linked.
  std::vector<PadPtr> released;
  for (auto& link : links)
    if (releaseIfRequested(link.peer.get())) released.push_back(link.peer);
  feeders.letGo();
  return released;
}

}  // namespace

static Napi::Value binRemoveSafely(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstBin* bin = binArgument(info, 0);
  GstElement* element = elementArgument(info, 1);
  if (GST_OBJECT_PARENT(element) != GST_OBJECT(bin)) {
    auto refused = Napi::Promise::Deferred::New(env);
    refused.Reject(roomError(env, "media.gst_argument", std::string(GST_OBJECT_NAME(element)) + " is not in this bin").Value());
    return refused.Promise();
  }
  std::shared_ptr<GstBin> heldBin(GST_BIN(gst_object_ref(bin)), gst_object_unref);
  auto held = std::make_shared<std::shared_ptr<GstElement>>(GST_ELEMENT(gst_object_ref(element)), gst_object_unref);
  Environment::of(env)->disposeTree(G_OBJECT(element));
  auto released = std::make_shared<std::vector<PadPtr>>();
  return runTask(
      env, "removeSafely",
      [heldBin, held, released] {
        *released = takeOut(heldBin.get(), held->get());
        held->reset();
      },
      [released](Napi::Env env) -> Napi::Value {
        // They have no parent any more through which the pipeline's dispose would find their wrappers.
        for (auto& pad : *released) Environment::of(env)->disposeTree(G_OBJECT(pad.get()));
        return env.Undefined();
      });
}

void addRemoval(Napi::Env env, Napi::Object exports) { addFunction<binRemoveSafely>(env, exports, "binRemoveSafely"); }
