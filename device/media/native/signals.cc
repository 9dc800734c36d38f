#include <gst/gst.h>

#include <vector>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "from_js.h"
#include "functions.h"
#include "handle.h"
#include "pad_block.h"
#include "signal_arguments.h"
#include "to_js.h"

namespace {

/** Copies of a signal's arguments on their way to JavaScript. */
struct Arguments {
  std::vector<GValue> values;
  ~Arguments() {
    for (auto& value : values) g_value_unset(&value);
  }
};

class Connection : public Attachment {
 public:
  Connection(Napi::Env env, GObject* target, uint64_t through, Napi::Function listener, const std::string& signal)
      : Attachment(Environment::of(env), target, through), channel_(Channel::open(env, listener, signal.c_str())) {}

  void post(guint count, const GValue* parameters) {
    auto arguments = std::make_shared<Arguments>();
    for (guint i = 1; i < count; i++) {
      GValue copy = G_VALUE_INIT;
      g_value_init(&copy, G_VALUE_TYPE(&parameters[i]));
      g_value_copy(&parameters[i], &copy);
      arguments->values.push_back(copy);
    }
    channel_->post([arguments](Napi::Env env, Napi::Function listener) {
      std::vector<napi_value> values;
      for (auto& value : arguments->values) values.push_back(toJs(env, &value));
      listener.Call(values);
    });
  }

  gulong id = 0;

 protected:
  void takeOff(GObject* target) override {
    if (target && g_signal_handler_is_connected(target, id)) g_signal_handler_disconnect(target, id);
  }
  void release() override { channel_->close(); }

 private:
  std::shared_ptr<Channel> channel_;
};

struct SignalClosure {
  GClosure closure;
  std::shared_ptr<Connection>* connection;
  bool padAdded;
};

void marshal(GClosure* closure, GValue*, guint count, const GValue* parameters, gpointer, gpointer) {
  auto* self = reinterpret_cast<SignalClosure*>(closure);
  if (self->padAdded && count > 1 && G_VALUE_HOLDS(&parameters[1], GST_TYPE_PAD))
    blockNewPad(GST_PAD(g_value_get_object(&parameters[1])));
  (*self->connection)->post(count, parameters);
}

void finalizeClosure(gpointer, GClosure* closure) { endData<Connection>(reinterpret_cast<SignalClosure*>(closure)->connection); }

}  // namespace

static Napi::Value connect(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GObject* object = objectArgument(info, 0);
  const std::string signal = stringArgument(info, 1, "Signal name");
  Napi::Function listener = functionArgument(info, 2, "Listener");
  guint id = 0;
  GQuark detail = 0;
  if (!g_signal_parse_name(signal.c_str(), G_OBJECT_TYPE(object), &id, &detail, TRUE))
    throw roomError(env, "media.gst_signal_unknown", "No signal '" + signal + "' on " + G_OBJECT_TYPE_NAME(object));

  auto connection = std::make_shared<Connection>(env, object, handleId(info[0]), listener, signal);
  auto* closure = reinterpret_cast<SignalClosure*>(g_closure_new_simple(sizeof(SignalClosure), nullptr));
  closure->connection = new std::shared_ptr<Connection>(connection);
  closure->padAdded = signal == "pad-added";
  g_closure_set_marshal(&closure->closure, marshal);
  g_closure_add_finalize_notifier(&closure->closure, nullptr, finalizeClosure);
  connection->id = g_signal_connect_closure_by_id(object, id, detail, &closure->closure, FALSE);
  Environment::of(env)->add(connection);
  return Napi::Function::New(env, [weak = std::weak_ptr<Connection>(connection)](const Napi::CallbackInfo& call) {
    if (auto connection = weak.lock()) connection->detach();
    return call.Env().Undefined();
  });
}

/** webrtcbin's `get-transceivers` gives a GArray, whose element type GLib does not know. */
static Napi::Value transceivers(Napi::Env env, GValue* value) {
  auto* array = static_cast<GArray*>(g_value_get_boxed(value));
  auto result = Napi::Array::New(env);
  for (guint i = 0; array && i < array->len; i++) result.Set(i, wrapObject(env, g_array_index(array, gpointer, i)));
  return result;
}

static Napi::Value emit(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GObject* object = objectArgument(info, 0);
  const std::string name = stringArgument(info, 1, "Signal name");
  SignalCall call(env, object, name);
  call.fill(info[2].As<Napi::Array>(), call.parameters());
  if (call.returnType() == G_TYPE_NONE) {
    call.emit(nullptr);
    return env.Undefined();
  }
  ScopedValue result(call.returnType());
  call.emit(result.get());
  if (call.returnType() == G_TYPE_ARRAY)
    return name == "get-transceivers" ? transceivers(env, result.get()) : env.Null();
  return toJs(env, result.get());
}

void addSignals(Napi::Env env, Napi::Object exports) {
  addFunction<connect>(env, exports, "connect");
  addFunction<emit>(env, exports, "emit");
}
