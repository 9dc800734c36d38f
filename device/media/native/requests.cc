#include <gst/gst.h>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "signal_arguments.h"
#include "to_js.h"

namespace {

/** A GstPromise that JavaScript waits for. Disposing its object rejects it, so that nobody waits for ever. */
class Request : public Attachment {
 public:
  Request(Napi::Env env, GObject* target, uint64_t through)
      : Attachment(Environment::of(env), target, through),
        deferred_(Napi::Promise::Deferred::New(env)),
        channel_(Channel::open(env, Napi::Function(), "request", true)) {}

  Napi::Value jsPromise() { return deferred_.Promise(); }

  /** Any thread. The reply belongs to the promise, so it is copied here. */
  void settled(GstPromise* promise) {
    const GstPromiseResult result = gst_promise_wait(promise);
    const GstStructure* reply = result == GST_PROMISE_RESULT_REPLIED ? gst_promise_get_reply(promise) : nullptr;
    std::shared_ptr<GstStructure> copy(reply ? gst_structure_copy(reply) : nullptr, [](GstStructure* structure) {
      if (structure) gst_structure_free(structure);
    });
    auto self = std::static_pointer_cast<Request>(shared_from_this());
    channel_->post([self, result, copy](Napi::Env env, Napi::Function) { self->settle(env, result, copy.get()); });
  }

 protected:
  void takeOff(GObject*) override {
    if (answered_.exchange(true)) return;
    auto self = std::static_pointer_cast<Request>(shared_from_this());
    channel_->post([self](Napi::Env env, Napi::Function) {
      self->settle(env, GST_PROMISE_RESULT_INTERRUPTED, nullptr);
    });
  }

 private:
  void settle(Napi::Env env, GstPromiseResult result, const GstStructure* reply) {
    if (settled_) return;
    settled_ = true;
    if (result != GST_PROMISE_RESULT_REPLIED) {
      deferred_.Reject(roomError(env, "media.gst_promise", "The element ended before it answered").Value());
    } else if (reply && gst_structure_has_field_typed(reply, "error", G_TYPE_ERROR)) {
      auto* error = static_cast<const GError*>(g_value_get_boxed(gst_structure_get_value(reply, "error")));
      deferred_.Reject(roomError(env, "media.gst_promise", error && error->message ? error->message : "Refused").Value());
    } else {
      deferred_.Resolve(reply ? Napi::Value(structureToJs(env, reply)) : env.Undefined());
    }
    ended();
    channel_->close();
  }

  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Channel> channel_;
  std::atomic<bool> answered_{false};
  bool settled_ = false;
};

void promiseChanged(GstPromise* promise, gpointer data) { dataOf<Request>(data).settled(promise); }

}  // namespace

static Napi::Value request(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GObject* object = objectArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Signal name");
  SignalCall call(env, object, name);
  const guint last = call.parameters();
  if (last == 0 || call.parameterType(last - 1) != GST_TYPE_PROMISE)
    throw roomError(env, "media.gst_signal_unknown", "Signal '" + name + "' takes no promise");
  call.fill(info[2].As<Napi::Array>(), last - 1);

  auto pending = std::make_shared<Request>(env, object, handleId(info[0]));
  Environment::of(env)->add(pending);
  GstPromise* promise = gst_promise_new_with_change_func(promiseChanged, ownedData(pending), freeData<Request>);
  GValue* argument = call.argument(last - 1);
  g_value_init(argument, GST_TYPE_PROMISE);
  g_value_take_boxed(argument, promise);
  call.emit(nullptr);
  return pending->jsPromise();
}

void addRequests(Napi::Env env, Napi::Object exports) { addFunction<request>(env, exports, "request"); }
