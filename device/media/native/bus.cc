#include <gst/gst.h>

#include <deque>
#include <mutex>
#include <set>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "to_js.h"

namespace {

/** A bus message without references to elements: a kept message must not keep what was removed. */
struct Message {
  std::string type;
  std::string source;
  guint64 timestamp = 0;
  std::shared_ptr<GstStructure> structure;
  // error and warning
  std::string text, domain, debug;
  int code = 0;
  bool hasDebug = false;
  // state-changed
  int oldState = 0, newState = 0, pending = 0;
};

gboolean keepPlainField(GQuark, GValue* value, gpointer) { return !G_VALUE_HOLDS_OBJECT(value) && !G_VALUE_HOLDS_POINTER(value); }

void readError(GstMessage* message, Message& out) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, &debug);
  else gst_message_parse_warning(message, &error, &debug);
  if (error) {
    out.text = error->message ? error->message : "";
    out.domain = g_quark_to_string(error->domain);
    out.code = error->code;
    g_error_free(error);
  }
  if (debug) {
    out.debug = debug;
    out.hasDebug = true;
    g_free(debug);
  }
}

Message read(GstMessage* message) {
  Message out;
  out.type = GST_MESSAGE_TYPE_NAME(message);
  if (GST_MESSAGE_SRC(message)) {
    gchar* name = gst_object_get_name(GST_MESSAGE_SRC(message));
    out.source = name ? name : "";
    g_free(name);
  }
  out.timestamp = GST_MESSAGE_TIMESTAMP(message);
  if (const GstStructure* structure = gst_message_get_structure(message)) {
    out.structure.reset(gst_structure_copy(structure), gst_structure_free);
    gst_structure_filter_and_map_in_place(out.structure.get(), keepPlainField, nullptr);
  }
  const GstMessageType type = GST_MESSAGE_TYPE(message);
  if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_WARNING) readError(message, out);
  if (type == GST_MESSAGE_STATE_CHANGED) {
    GstState before, now, pending;
    gst_message_parse_state_changed(message, &before, &now, &pending);
    out.oldState = before;
    out.newState = now;
    out.pending = pending;
  }
  return out;
}

Napi::Value toObject(Napi::Env env, const Message& message) {
  auto object = Napi::Object::New(env);
  if (message.structure) {
    Napi::Object structure = structureToJs(env, message.structure.get());
    auto fields = structure.GetPropertyNames();
    for (uint32_t i = 0; i < fields.Length(); i++) object.Set(fields.Get(i), structure.Get(fields.Get(i)));
    object.Set("structureName", gst_structure_get_name(message.structure.get()));
    object.Set("structure", structure);
  }
  object.Set("type", message.type);
  if (!message.source.empty()) object.Set("srcElementName", message.source);
  object.Set("timestamp", Napi::BigInt::New(env, static_cast<uint64_t>(message.timestamp)));
  if (message.type == "error" || message.type == "warning") {
    object.Set(message.type + "Message", message.text);
    object.Set(message.type + "Domain", message.domain);
    object.Set(message.type + "Code", message.code);
    if (message.hasDebug) object.Set("debugInfo", message.debug);
  }
  if (message.type == "state-changed") {
    object.Set("oldState", message.oldState);
    object.Set("newState", message.newState);
    object.Set("pendingState", message.pending);
  }
  return object;
}

/**
 * Takes every message of a pipeline's bus in the thread that posts it, so that no thread and no GLib main loop waits for them, and wakes
 * JavaScript, which drains the queue.
 */
class BusTap : public Attachment {
 public:
  BusTap(Napi::Env env, GObject* pipeline, Napi::Function wake)
      : Attachment(Environment::of(env), pipeline, 0), wake_(env, wake, "bus") {}

  void take(GstMessage* message) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!all_ && types_.count(GST_MESSAGE_TYPE_NAME(message)) == 0) return;
      if (queue_.size() >= capacity) queue_.pop_front();
      queue_.push_back(read(message));
      if (quiet_.count(GST_MESSAGE_TYPE_NAME(message)) > 0) return;
    }
    wake_.wake();
  }

  bool pop(Message& out) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.empty()) return false;
    out = std::move(queue_.front());
    queue_.pop_front();
    return true;
  }

  /** `quiet`: kept, but JavaScript comes for them when it comes for something else. */
  void filter(bool all, std::set<std::string> types, std::set<std::string> quiet) {
    std::lock_guard<std::mutex> lock(mutex_);
    all_ = all;
    types_ = std::move(types);
    quiet_ = std::move(quiet);
  }

 protected:
  void takeOff(GObject* target) override {
    if (!target) return;
    GstBus* bus = gst_element_get_bus(GST_ELEMENT(target));
    gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
    // What is posted from here on has no reader.
    gst_bus_set_flushing(bus, TRUE);
    gst_object_unref(bus);
  }
  void release() override { wake_.close(); }

 private:
  static constexpr size_t capacity = 1024;
  Wake wake_;
  std::mutex mutex_;
  std::deque<Message> queue_;
  bool all_ = true;
  std::set<std::string> types_;
  std::set<std::string> quiet_;
};

GstBusSyncReply takeOfPipeline(GstBus*, GstMessage* message, gpointer data) {
  dataOf<BusTap>(data).take(message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

GQuark tapQuark() { return g_quark_from_static_string("incamera-bus"); }

BusTap* tapOf(const Napi::CallbackInfo& info) {
  auto* found = static_cast<std::shared_ptr<BusTap>*>(g_object_get_qdata(objectOf(info[0], GST_TYPE_PIPELINE), tapQuark()));
  if (!found) throw roomError(info.Env(), "media.gst_argument", "This pipeline's bus is not open");
  return found->get();
}

}  // namespace

static Napi::Value busOpen(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GObject* pipeline = objectOf(info[0], GST_TYPE_PIPELINE);
  if (g_object_get_qdata(pipeline, tapQuark())) throw roomError(env, "media.gst_argument", "The bus is open already");
  auto tap = std::make_shared<BusTap>(env, pipeline, functionArgument(info, 1, "Wake"));
  Environment::of(env)->add(tap);
  g_object_set_qdata_full(pipeline, tapQuark(), ownedData(tap), freeData<BusTap>);
  GstBus* bus = gst_element_get_bus(GST_ELEMENT(pipeline));
  gst_bus_set_sync_handler(bus, takeOfPipeline, ownedData(tap), endData<BusTap>);
  gst_object_unref(bus);
  return env.Undefined();
}

static Napi::Value busPop(const Napi::CallbackInfo& info) {
  Message message;
  return tapOf(info)->pop(message) ? toObject(info.Env(), message) : info.Env().Null();
}

static std::set<std::string> namesOf(const Napi::Value& value) {
  std::set<std::string> names;
  if (!value.IsArray()) return names;
  auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) names.insert(array.Get(i).ToString().Utf8Value());
  return names;
}

static Napi::Value busFilter(const Napi::CallbackInfo& info) {
  tapOf(info)->filter(!info[1].IsArray(), namesOf(info[1]), namesOf(info[2]));
  return info.Env().Undefined();
}

void addBus(Napi::Env env, Napi::Object exports) {
  addFunction<busOpen>(env, exports, "busOpen");
  addFunction<busPop>(env, exports, "busPop");
  addFunction<busFilter>(env, exports, "busFilter");
}
