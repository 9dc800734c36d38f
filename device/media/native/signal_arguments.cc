#include "signal_arguments.h"

#include "errors.h"
#include "from_js.h"

SignalCall::SignalCall(Napi::Env env, GObject* object, const std::string& name) : env_(env) {
  id_ = g_signal_lookup(name.c_str(), G_OBJECT_TYPE(object));
  if (id_) g_signal_query(id_, &query_);
  if (!id_ || !(query_.signal_flags & G_SIGNAL_ACTION))
    throw roomError(env, "media.gst_signal_unknown", "No action signal '" + name + "' on " + G_OBJECT_TYPE_NAME(object));
  values_.assign(query_.n_params + 1, GValue G_VALUE_INIT);
  g_value_init(&values_[0], G_OBJECT_TYPE(object));
  g_value_set_object(&values_[0], object);
}

SignalCall::~SignalCall() {
  for (auto& value : values_)
    if (G_IS_VALUE(&value)) g_value_unset(&value);
}

void SignalCall::fill(const Napi::Array& arguments, guint count) {
  if (arguments.Length() != count)
    throw roomError(env_, "media.gst_argument",
                    std::string("Signal '") + query_.signal_name + "' takes " + std::to_string(count) + " arguments");
  for (guint i = 0; i < count; i++) fromJs(arguments.Get(i), parameterType(i), argument(i));
}

void SignalCall::emit(GValue* result) { g_signal_emitv(values_.data(), id_, 0, result); }
