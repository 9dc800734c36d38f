#pragma once
#include <gst/gst.h>
#include <napi.h>

#include <string>

/** A GValue that unsets itself. */
class ScopedValue {
 public:
  ScopedValue() = default;
  explicit ScopedValue(GType type) { g_value_init(&value_, type); }
  ~ScopedValue() {
    if (G_IS_VALUE(&value_)) g_value_unset(&value_);
  }
  ScopedValue(const ScopedValue&) = delete;
  ScopedValue& operator=(const ScopedValue&) = delete;
  GValue* get() { return &value_; }

 private:
  GValue value_ = G_VALUE_INIT;
};

/**
 * Fills `out` (initialized here) with what fits `type`. Throws RoomError `media.gst_property_value` with what was expected.
 * null and undefined give the type's zero for strings, boxed types and objects, and are refused for the rest.
 */
void fromJs(const Napi::Value& value, GType type, GValue* out);

/** As fromJs, for a property: an array's items take the type that the property declares for them. */
void propertyFromJs(const Napi::Value& value, GParamSpec* spec, GValue* out);

/** A structure from a plain object; its `name` field names it, else `fallbackName`. The caller owns it. */
GstStructure* structureFromJs(const Napi::Object& object, const char* fallbackName);
