#include <gst/gst.h>

#include "attachment.h"
#include "channel.h"
#include "errors.h"
#include "functions.h"
#include "handle.h"
#include "task.h"
#include "to_js.h"

namespace {

Napi::Value describe(Napi::Env env, GstDevice* device) {
  auto text = [&](gchar* owned) {
    auto value = Napi::String::New(env, owned ? owned : "");
    g_free(owned);
    return value;
  };
  auto object = Napi::Object::New(env);
  object.Set("handle", newHandle(env, device));
  object.Set("displayName", text(gst_device_get_display_name(device)));
  object.Set("deviceClass", text(gst_device_get_device_class(device)));
  GstCaps* caps = gst_device_get_caps(device);
  object.Set("caps", capsString(env, caps));
  if (caps) gst_caps_unref(caps);
  GstStructure* properties = gst_device_get_properties(device);
  object.Set("properties", properties ? Napi::Value(structureToJs(env, properties)) : Napi::Value(Napi::Object::New(env)));
  if (properties) gst_structure_free(properties);
  return object;
}

const char* eventName(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_DEVICE_ADDED: return "added";
    case GST_MESSAGE_DEVICE_REMOVED: return "removed";
    case GST_MESSAGE_DEVICE_CHANGED: return "changed";
    default: return nullptr;
  }
}

GstDevice* deviceOf(GstMessage* message) {
  GstDevice* device = nullptr;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_DEVICE_ADDED: gst_message_parse_device_added(message, &device); break;
    case GST_MESSAGE_DEVICE_REMOVED: gst_message_parse_device_removed(message, &device); break;
    case GST_MESSAGE_DEVICE_CHANGED: gst_message_parse_device_changed(message, &device, nullptr); break;
    default: break;
  }
  return device;
}

/** Listens to a monitor's bus in the provider's thread. */
class MonitorTap : public Attachment {
 public:
  MonitorTap(Napi::Env env, GstDeviceMonitor* monitor, Napi::Function listener)
      : Attachment(Environment::of(env), G_OBJECT(monitor), 0), channel_(Channel::open(env, listener, "devices")) {}

  void take(GstMessage* message) {
    const char* name = eventName(message);
    GstDevice* found = name ? deviceOf(message) : nullptr;
    if (!found) return;
    std::shared_ptr<GstDevice> device(found, gst_object_unref);
    channel_->post([device, name](Napi::Env env, Napi::Function listener) {
      listener.Call({Napi::String::New(env, name), describe(env, device.get())});
    });
  }

 protected:
  void takeOff(GObject* target) override {
    if (!target) return;
    GstBus* bus = gst_device_monitor_get_bus(GST_DEVICE_MONITOR(target));
    gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
    gst_bus_set_flushing(bus, TRUE);
    gst_object_unref(bus);
  }
  void release() override { channel_->close(); }

 private:
  std::shared_ptr<Channel> channel_;
};

GstBusSyncReply takeOfMonitor(GstBus*, GstMessage* message, gpointer data) {
  dataOf<MonitorTap>(data).take(message);
  gst_message_unref(message);
  return GST_BUS_DROP;
}

/** The monitor and whether it runs. Starting and stopping talk to sound servers and may take long: threads of their own, one at a time. */
class Monitor {
 public:
  Monitor() : monitor_(gst_device_monitor_new()) {}
  ~Monitor() {
    if (started_) gst_device_monitor_stop(monitor_);
    gst_object_unref(monitor_);
  }
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  GstDeviceMonitor* get() const { return monitor_; }

  bool start() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!started_) started_ = gst_device_monitor_start(monitor_);
    return started_;
  }

  void stop() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (started_) gst_device_monitor_stop(monitor_);
    started_ = false;
  }

  bool started() const { return started_; }

 private:
  GstDeviceMonitor* monitor_;
  std::mutex mutex_;
  std::atomic<bool> started_{false};
};

struct MonitorState {
  std::shared_ptr<Monitor> monitor;
  std::shared_ptr<MonitorTap> tap;
};

Monitor& usable(const Napi::CallbackInfo& info, const std::shared_ptr<MonitorState>& state) {
  if (!state->monitor) throw roomError(info.Env(), "media.gst_disposed", "Device monitor used after dispose");
  return *state->monitor;
}

Napi::Value list(Napi::Env env, Monitor& monitor) {
  auto result = Napi::Array::New(env);
  // A monitor that does not run would probe every provider here, which may take seconds.
  if (!monitor.started()) return result;
  GList* devices = gst_device_monitor_get_devices(monitor.get());
  uint32_t index = 0;
  for (GList* entry = devices; entry; entry = entry->next) result.Set(index++, describe(env, GST_DEVICE(entry->data)));
  g_list_free_full(devices, gst_object_unref);
  return result;
}

}  // namespace

static Napi::Value deviceMonitor(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto state = std::make_shared<MonitorState>();
  state->monitor = std::make_shared<Monitor>();
  auto filters = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < filters.Length(); i++) {
    auto filter = filters.Get(i).As<Napi::Object>();
    Napi::Value wanted = filter.Get("caps");
    GstCaps* caps = wanted.IsString() ? gst_caps_from_string(wanted.As<Napi::String>().Utf8Value().c_str()) : nullptr;
    if (wanted.IsString() && !caps) throw roomError(env, "media.gst_argument", "Invalid caps string");
    gst_device_monitor_add_filter(state->monitor->get(), filter.Get("classes").ToString().Utf8Value().c_str(), caps);
    if (caps) gst_caps_unref(caps);
  }
  state->tap = std::make_shared<MonitorTap>(env, state->monitor->get(), functionArgument(info, 1, "Listener"));
  Environment::of(env)->add(state->tap);
  GstBus* bus = gst_device_monitor_get_bus(state->monitor->get());
  gst_bus_set_sync_handler(bus, takeOfMonitor, ownedData(state->tap), endData<MonitorTap>);
  gst_object_unref(bus);

  auto object = Napi::Object::New(env);
  object.Set("start", Napi::Function::New(env, [state](const Napi::CallbackInfo& call) -> Napi::Value {
    usable(call, state);
    auto started = std::make_shared<bool>(false);
    return runTask(
        call.Env(), "startMonitor", [monitor = state->monitor, started] { *started = monitor->start(); },
        [started](Napi::Env env) -> Napi::Value { return Napi::Boolean::New(env, *started); });
  }));
  object.Set("devices", Napi::Function::New(env, [state](const Napi::CallbackInfo& call) -> Napi::Value {
    return list(call.Env(), usable(call, state));
  }));
  object.Set("dispose", Napi::Function::New(env, [state](const Napi::CallbackInfo& call) -> Napi::Value {
    auto monitor = std::make_shared<std::shared_ptr<Monitor>>(std::move(state->monitor));
    if (state->tap) state->tap->detach();
    state->tap.reset();
    return runTask(
        call.Env(), "stopMonitor",
        [monitor] {
          if (*monitor) (*monitor)->stop();
          monitor->reset();
        },
        [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
  }));
  return object;
}

static Napi::Value deviceElement(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  GstDevice* device = GST_DEVICE(objectOf(info[0], GST_TYPE_DEVICE));
  const std::string name = optionalString(info, 1);
  GstElement* element = gst_device_create_element(device, name.empty() ? nullptr : name.c_str());
  if (!element) throw roomError(env, "media.gst_device", "The device gives no element");
  gst_object_ref_sink(element);
  return wrapOwned(env, element);
}

void addDevices(Napi::Env env, Napi::Object exports) {
  addFunction<deviceMonitor>(env, exports, "deviceMonitor");
  addFunction<deviceElement>(env, exports, "deviceElement");
}
