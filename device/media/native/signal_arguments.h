#pragma once
#include <gst/gst.h>
#include <napi.h>

#include <string>
#include <vector>

/** An action signal about to be emitted: its instance and arguments as GValues, unset at the end. */
class SignalCall {
 public:
  /** Throws `media.gst_signal_unknown` when there is no such action signal. */
  SignalCall(Napi::Env env, GObject* object, const std::string& name);
  ~SignalCall();
  SignalCall(const SignalCall&) = delete;
  SignalCall& operator=(const SignalCall&) = delete;

  guint parameters() const { return query_.n_params; }
  GType parameterType(guint index) const { return query_.param_types[index] & ~G_SIGNAL_TYPE_STATIC_SCOPE; }
  GType returnType() const { return query_.return_type & ~G_SIGNAL_TYPE_STATIC_SCOPE; }
  GValue* argument(guint index) { return &values_[index + 1]; }

  /** Fills the first `count` arguments; throws `media.gst_argument` when their number differs. */
  void fill(const Napi::Array& arguments, guint count);
  void emit(GValue* result);

 private:
  Napi::Env env_;
  guint id_ = 0;
  GSignalQuery query_{};
  std::vector<GValue> values_;
};
