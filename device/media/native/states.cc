#include <gst/gst.h>

#include "attachment.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "state_turns.h"
#include "task.h"

std::shared_ptr<StateTurns> StateTurns::of(GstElement* element) {
  static std::mutex mutex;
  static const GQuark quark = g_quark_from_static_string("incamera-state-turns");
  std::lock_guard<std::mutex> lock(mutex);
  auto* found = static_cast<std::shared_ptr<StateTurns>*>(g_object_get_qdata(G_OBJECT(element), quark));
  if (!found) {
    found = new std::shared_ptr<StateTurns>(std::make_shared<StateTurns>());
    g_object_set_qdata_full(G_OBJECT(element), quark, found, freeData<StateTurns>);
  }
  return *found;
}

uint64_t StateTurns::draw() {
  std::lock_guard<std::mutex> lock(mutex_);
  return drawn_++;
}

GstStateChangeReturn StateTurns::change(uint64_t turn, GstElement* element, GstState state) {
  std::unique_lock<std::mutex> lock(mutex_);
  next_.wait(lock, [&] { return serving_ == turn; });
  lock.unlock();
  const GstStateChangeReturn result = gst_element_set_state(element, state);
  lock.lock();
  serving_++;
  next_.notify_all();
  return result;
}

static GstState stateNamed(Napi::Env env, const std::string& name) {
  if (name == "null") return GST_STATE_NULL;
  if (name == "ready") return GST_STATE_READY;
  if (name == "paused") return GST_STATE_PAUSED;
  if (name == "playing") return GST_STATE_PLAYING;
  throw roomError(env, "media.gst_argument", "State must be null, ready, paused or playing");
}

static GstClockTime timeoutOf(const Napi::Value& value) {
  const double milliseconds = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 1000;
  if (!(milliseconds >= 0)) return GST_CLOCK_TIME_NONE;
  return milliseconds > 1e9 ? GST_CLOCK_TIME_NONE : static_cast<GstClockTime>(milliseconds * GST_MSECOND);
}

static const char* resultName(GstStateChangeReturn result) {
  switch (result) {
    case GST_STATE_CHANGE_SUCCESS: return "success";
    case GST_STATE_CHANGE_ASYNC: return "async";
    case GST_STATE_CHANGE_NO_PREROLL: return "no-preroll";
    case GST_STATE_CHANGE_FAILURE: return "failure";
  }
  return "unknown";
}

static Napi::Value setState(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstElement* element = elementArgument(info, 0);
  const GstState target = stateNamed(env, stringArgument(info, 1, "State"));
  const GstClockTime timeout = timeoutOf(info[2]);
  struct Outcome {
    GstStateChangeReturn result = GST_STATE_CHANGE_FAILURE;
    GstState reached = GST_STATE_VOID_PENDING;
  };
  auto outcome = std::make_shared<Outcome>();
  auto turns = StateTurns::of(element);
  const uint64_t turn = turns->draw();
  std::shared_ptr<GstElement> held(GST_ELEMENT(gst_object_ref(element)), gst_object_unref);
  return runTask(
      env, "setState",
      [held, target, timeout, turns, turn, outcome] {
        const GstStateChangeReturn changed = turns->change(turn, held.get(), target);
        const bool failed = changed == GST_STATE_CHANGE_FAILURE;
        outcome->result = gst_element_get_state(held.get(), &outcome->reached, nullptr, failed ? 0 : timeout);
        if (failed) outcome->result = changed;
      },
      [outcome, target](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("result", resultName(outcome->result));
        result.Set("finalState", static_cast<int>(outcome->reached));
        result.Set("targetState", static_cast<int>(target));
        return result;
      });
}

static Napi::Value getState(const Napi::CallbackInfo& info) {
  GstElement* element = elementArgument(info, 0);
  GST_OBJECT_LOCK(element);
  const int state = GST_STATE(element);
  const int pending = GST_STATE_PENDING(element);
  GST_OBJECT_UNLOCK(element);
  auto result = Napi::Object::New(info.Env());
  result.Set("state", state);
  result.Set("pending", pending);
  return result;
}

static Napi::Value syncStateWithParent(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), gst_element_sync_state_with_parent(elementArgument(info, 0)));
}

static Napi::Value setLockedState(const Napi::CallbackInfo& info) {
  gst_element_set_locked_state(elementArgument(info, 0), info[1].ToBoolean());
  return info.Env().Undefined();
}

/** disposePipeline(handle): NULL in turn on a thread, wrappers and attachments of all that is inside dropped at once. */
static Napi::Value disposePipeline(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Handle* handle = handleOf(info[0]);
  if (!handle || !handle->object()) {
    auto done = Napi::Promise::Deferred::New(env);
    done.Resolve(env.Undefined());
    return done.Promise();
  }
  GstElement* pipeline = elementArgument(info, 0);
  auto turns = StateTurns::of(pipeline);
  const uint64_t turn = turns->draw();
  auto held = std::make_shared<std::shared_ptr<GstElement>>(GST_ELEMENT(gst_object_ref(pipeline)), gst_object_unref);
  Environment::of(env)->disposeTree(G_OBJECT(pipeline));
  return runTask(
      env, "dispose",
      [held, turns, turn] {
        turns->change(turn, held->get(), GST_STATE_NULL);
        gst_element_get_state(held->get(), nullptr, nullptr, GST_CLOCK_TIME_NONE);
        // Freed here: finalizers of elements may block (sockets, devices), JavaScript must not.
        held->reset();
      },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

void addStates(Napi::Env env, Napi::Object exports) {
  addFunction<setState>(env, exports, "setState");
  addFunction<getState>(env, exports, "getState");
  addFunction<syncStateWithParent>(env, exports, "syncStateWithParent");
  addFunction<setLockedState>(env, exports, "setLockedState");
  addFunction<disposePipeline>(env, exports, "disposePipeline");
}
