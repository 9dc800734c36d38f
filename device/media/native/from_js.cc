#include "from_js.h"

#include <gst/sdp/gstsdpmessage.h>
#include <gst/webrtc/webrtc.h>

#include <climits>
#include <cmath>

#include "errors.h"
#include "handle.h"

static const char* kindOf(const Napi::Value& value) {
  if (value.IsString()) return "string";
  if (value.IsNumber()) return "number";
  if (value.IsBoolean()) return "boolean";
  if (value.IsBigInt()) return "bigint";
  if (value.IsNull()) return "null";
  if (value.IsUndefined()) return "undefined";
  if (value.IsFunction()) return "function";
  return "object";
}

[[noreturn]] static void refuse(const Napi::Value& value, const std::string& expected) {
  throw roomError(value.Env(), "media.gst_property_value", "Expected " + expected + ", got " + kindOf(value));
}

[[noreturn]] static void invalid(const Napi::Value& value, const std::string& what) {
  throw roomError(value.Env(), "media.gst_property_value", "Invalid " + what);
}

static double numberOf(const Napi::Value& value) {
  if (!value.IsNumber()) refuse(value, "number value");
  return value.As<Napi::Number>().DoubleValue();
}

/** An integer within limits; doubles beyond the limits would be undefined behaviour to cast. */
static int64_t integerOf(const Napi::Value& value, int64_t least, int64_t most) {
  if (value.IsBigInt()) {
    bool lossless = false;
    int64_t number = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless || number < least || number > most) invalid(value, "integer: out of range");
    return number;
  }
  double number = numberOf(value);
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || std::trunc(number) != number ||
      std::fabs(number) > 9223372036854774784.0)
    invalid(value, "integer: out of range");
  return static_cast<int64_t>(number);
}

static uint64_t unsignedOf(const Napi::Value& value) {
  if (value.IsBigInt()) {
    bool lossless = false;
    uint64_t number = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (!lossless) invalid(value, "integer: out of range");
    return number;
  }
  double number = numberOf(value);
  if (!(number >= 0 && number < 18446744073709551615.0) || std::trunc(number) != number) invalid(value, "integer: out of range");
  return static_cast<uint64_t>(number);
}

static std::string textOf(const Napi::Value& value, const char* expected) {
  if (!value.IsString()) refuse(value, expected);
  return value.As<Napi::String>().Utf8Value();
}

static void setEnum(const Napi::Value& value, GType type, GValue* out) {
  if (value.IsNumber()) {
    g_value_set_enum(out, static_cast<gint>(integerOf(value, INT_MIN, INT_MAX)));
    return;
  }
  const std::string text = textOf(value, "string or number value for enum property");
  auto* klass = static_cast<GEnumClass*>(g_type_class_ref(type));
  GEnumValue* found = g_enum_get_value_by_nick(klass, text.c_str());
  if (!found) found = g_enum_get_value_by_name(klass, text.c_str());
  const gint number = found ? found->value : 0;
  const bool known = found != nullptr;
  g_type_class_unref(klass);
  if (!known) invalid(value, "enum value: " + text);
  g_value_set_enum(out, number);
}

static void setDescription(const Napi::Value& value, GValue* out) {
  if (!value.IsObject()) refuse(value, "{type, sdp}");
  auto object = value.As<Napi::Object>();
  const std::string kind = textOf(object.Get("type"), "string value for type");
  const std::string sdp = textOf(object.Get("sdp"), "string value for sdp");
  GstWebRTCSDPType type;
  if (kind == "offer") type = GST_WEBRTC_SDP_TYPE_OFFER;
  else if (kind == "answer") type = GST_WEBRTC_SDP_TYPE_ANSWER;
  else if (kind == "pranswer") type = GST_WEBRTC_SDP_TYPE_PRANSWER;
  else if (kind == "rollback") type = GST_WEBRTC_SDP_TYPE_ROLLBACK;
  else invalid(value, "description type");
  GstSDPMessage* message = nullptr;
  if (gst_sdp_message_new_from_text(sdp.c_str(), &message) != GST_SDP_OK) {
    if (message) gst_sdp_message_free(message);
    invalid(value, "session description");
  }
  g_value_take_boxed(out, gst_webrtc_session_description_new(type, message));
}

static void setArray(const Napi::Value& value, GType type, GValue* out) {
  if (!value.IsArray()) refuse(value, "array value");
  auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    Napi::Value item = array.Get(i);
    ScopedValue element;
    GType itemType = G_TYPE_STRING;
    if (item.IsNumber()) {
      const double number = item.As<Napi::Number>().DoubleValue();
      itemType = std::trunc(number) == number && std::fabs(number) <= INT_MAX ? G_TYPE_INT : G_TYPE_DOUBLE;
    } else if (item.IsBoolean()) itemType = G_TYPE_BOOLEAN;
    else if (item.IsArray()) itemType = GST_TYPE_ARRAY;
    else if (item.IsObject()) itemType = GST_TYPE_STRUCTURE;
    fromJs(item, itemType, element.get());
    if (type == GST_TYPE_ARRAY) gst_value_array_append_value(out, element.get());
    else gst_value_list_append_value(out, element.get());
  }
}

static void setBoxed(const Napi::Value& value, GType type, GValue* out) {
  if (type == GST_TYPE_WEBRTC_SESSION_DESCRIPTION) {
    setDescription(value, out);
  } else if (type == GST_TYPE_STRUCTURE) {
    if (!value.IsObject()) refuse(value, "object value for structure property");
    g_value_take_boxed(out, structureFromJs(value.As<Napi::Object>(), "structure"));
  } else if (type == GST_TYPE_CAPS) {
    GstCaps* caps = gst_caps_from_string(textOf(value, "string value for caps property").c_str());
    if (!caps) invalid(value, "caps string");
    g_value_take_boxed(out, caps);
  } else if (type == G_TYPE_BYTES) {
    if (!value.IsTypedArray()) refuse(value, "bytes");
    auto bytes = value.As<Napi::Uint8Array>();
    g_value_take_boxed(out, g_bytes_new(bytes.Data(), bytes.ByteLength()));
  } else if (!gst_value_deserialize(out, textOf(value, "string value").c_str())) {
    invalid(value, std::string("value for ") + g_type_name(type));
  }
}

void fromJs(const Napi::Value& value, GType type, GValue* out) {
  g_value_init(out, type);
  const GType fundamental = G_TYPE_FUNDAMENTAL(type);
  if (value.IsNull() || value.IsUndefined()) {
    if (fundamental == G_TYPE_STRING || fundamental == G_TYPE_BOXED || fundamental == G_TYPE_OBJECT) return;
  }
  switch (fundamental) {
    case G_TYPE_STRING: g_value_set_string(out, textOf(value, "string value").c_str()); return;
    case G_TYPE_BOOLEAN:
      if (!value.IsBoolean()) refuse(value, "boolean value");
      g_value_set_boolean(out, value.As<Napi::Boolean>().Value());
      return;
    case G_TYPE_INT: g_value_set_int(out, static_cast<gint>(integerOf(value, INT_MIN, INT_MAX))); return;
    case G_TYPE_UINT: g_value_set_uint(out, static_cast<guint>(integerOf(value, 0, UINT_MAX))); return;
    case G_TYPE_LONG: g_value_set_long(out, integerOf(value, LONG_MIN, LONG_MAX)); return;
    case G_TYPE_ULONG: g_value_set_ulong(out, unsignedOf(value)); return;
    case G_TYPE_INT64: g_value_set_int64(out, integerOf(value, INT64_MIN, INT64_MAX)); return;
    case G_TYPE_UINT64: g_value_set_uint64(out, unsignedOf(value)); return;
    case G_TYPE_FLOAT: g_value_set_float(out, static_cast<gfloat>(numberOf(value))); return;
    case G_TYPE_DOUBLE: g_value_set_double(out, numberOf(value)); return;
    case G_TYPE_ENUM: setEnum(value, type, out); return;
    case G_TYPE_FLAGS:
      if (value.IsNumber()) g_value_set_flags(out, static_cast<guint>(integerOf(value, 0, UINT_MAX)));
      else if (!gst_value_deserialize(out, textOf(value, "string or number value for flags property").c_str()))
        invalid(value, "flags value");
      return;
    case G_TYPE_OBJECT: g_value_set_object(out, objectOf(value, type)); return;
    case G_TYPE_BOXED: setBoxed(value, type, out); return;
    default: break;
  }
  if (type == GST_TYPE_ARRAY || type == GST_TYPE_LIST) return setArray(value, type, out);
  if (!gst_value_deserialize(out, textOf(value, "string value").c_str()))
    invalid(value, std::string("value for ") + g_type_name(type));
}

void propertyFromJs(const Napi::Value& value, GParamSpec* spec, GValue* out) {
  if (!GST_IS_PARAM_SPEC_ARRAY_LIST(spec) || !value.IsArray() || !GST_PARAM_SPEC_ARRAY_LIST(spec)->element_spec)
    return fromJs(value, spec->value_type, out);
  g_value_init(out, spec->value_type);
  auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    ScopedValue item;
    propertyFromJs(array.Get(i), GST_PARAM_SPEC_ARRAY_LIST(spec)->element_spec, item.get());
    gst_value_array_append_value(out, item.get());
  }
}

static GType typeFor(const Napi::Value& value) {
  if (value.IsBoolean()) return G_TYPE_BOOLEAN;
  if (value.IsBigInt()) return G_TYPE_UINT64;
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (std::trunc(number) != number) return G_TYPE_DOUBLE;
    if (std::fabs(number) <= INT_MAX) return G_TYPE_INT;
    return std::fabs(number) < 9007199254740992.0 ? G_TYPE_INT64 : G_TYPE_DOUBLE;
  }
  if (value.IsArray()) return GST_TYPE_ARRAY;
  if (handleOf(value)) return G_TYPE_OBJECT;
  if (value.IsObject()) return GST_TYPE_STRUCTURE;
  return G_TYPE_STRING;
}

GstStructure* structureFromJs(const Napi::Object& object, const char* fallbackName) {
  std::string name = fallbackName;
  Napi::Value named = object.Get("name");
  if (named.IsString()) name = named.As<Napi::String>().Utf8Value();
  // gst_structure_new_empty wants a letter first and then letters, digits and -_/:.+
  GstStructure* structure = gst_structure_new_empty(name.c_str());
  if (!structure) invalid(object, "structure name");
  struct Owner {
    GstStructure* structure;
    ~Owner() {
      if (structure) gst_structure_free(structure);
    }
  } owner{structure};
  auto keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); i++) {
    const std::string key = keys.Get(i).ToString().Utf8Value();
    Napi::Value value = object.Get(key);
    if (value.IsUndefined() || key == "name") continue;
    ScopedValue converted;
    fromJs(value, typeFor(value), converted.get());
    gst_structure_set_value(structure, key.c_str(), converted.get());
  }
  owner.structure = nullptr;
  return structure;
}
