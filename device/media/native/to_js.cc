#include "to_js.h"

#include <gst/sdp/gstsdpmessage.h>
#include <gst/webrtc/webrtc.h>

#include "handle.h"

static Napi::Value takeString(Napi::Env env, gchar* text) {
  if (!text) return env.Null();
  auto value = Napi::String::New(env, text);
  g_free(text);
  return value;
}

static Napi::Value fromInt64(Napi::Env env, int64_t value, Wide wide) {
  if (wide == Wide::bigint) return Napi::BigInt::New(env, value);
  return Napi::Number::New(env, static_cast<double>(value));
}

static Napi::Value fromUint64(Napi::Env env, uint64_t value, Wide wide) {
  if (wide == Wide::bigint) return Napi::BigInt::New(env, value);
  return Napi::Number::New(env, static_cast<double>(value));
}

static Napi::Value enumToJs(Napi::Env env, const GValue* value) {
  auto* type = static_cast<GEnumClass*>(g_type_class_ref(G_VALUE_TYPE(value)));
  GEnumValue* found = g_enum_get_value(type, g_value_get_enum(value));
  Napi::Value result = found ? Napi::Value(Napi::String::New(env, found->value_nick))
                             : Napi::Value(Napi::Number::New(env, g_value_get_enum(value)));
  g_type_class_unref(type);
  return result;
}

static Napi::Value descriptionToJs(Napi::Env env, const GValue* value) {
  auto* description = static_cast<GstWebRTCSessionDescription*>(g_value_get_boxed(value));
  if (!description) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("type", gst_webrtc_sdp_type_to_string(description->type));
  object.Set("sdp", takeString(env, gst_sdp_message_as_text(description->sdp)));
  return object;
}

static Napi::Value listToJs(Napi::Env env, const GValue* value, Wide wide) {
  const bool array = GST_VALUE_HOLDS_ARRAY(value);
  const guint size = array ? gst_value_array_get_size(value) : gst_value_list_get_size(value);
  auto result = Napi::Array::New(env, size);
  for (guint i = 0; i < size; i++)
    result.Set(i, toJs(env, array ? gst_value_array_get_value(value, i) : gst_value_list_get_value(value, i), wide));
  return result;
}

static Napi::Value valueArrayToJs(Napi::Env env, const GValue* value, Wide wide) {
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  auto* array = static_cast<GValueArray*>(g_value_get_boxed(value));
  auto result = Napi::Array::New(env);
  for (guint i = 0; array && i < array->n_values; i++) result.Set(i, toJs(env, g_value_array_get_nth(array, i), wide));
  return result;
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static Napi::Value stringsToJs(Napi::Env env, const GValue* value) {
  auto* strings = static_cast<gchar**>(g_value_get_boxed(value));
  auto result = Napi::Array::New(env);
  for (uint32_t i = 0; strings && strings[i]; i++) result.Set(i, strings[i]);
  return result;
}

static Napi::Value boxedToJs(Napi::Env env, const GValue* value, Wide wide) {
  const GType type = G_VALUE_TYPE(value);
  if (type == GST_TYPE_STRUCTURE) {
    const GstStructure* structure = gst_value_get_structure(value);
    return structure ? Napi::Value(structureToJs(env, structure, wide)) : env.Null();
  }
  if (type == GST_TYPE_CAPS) return capsString(env, gst_value_get_caps(value));
  if (type == GST_TYPE_SAMPLE) {
    GstSample* sample = gst_value_get_sample(value);
    return sample ? Napi::Value(sampleToJs(env, sample)) : env.Null();
  }
  if (type == GST_TYPE_BUFFER) {
    GstBuffer* buffer = gst_value_get_buffer(value);
    return buffer ? bytesToJs(env, buffer) : env.Null();
  }
  if (type == GST_TYPE_WEBRTC_SESSION_DESCRIPTION) return descriptionToJs(env, value);
  static const GType valueArray = g_type_from_name("GValueArray");
  if (type == valueArray) return valueArrayToJs(env, value, wide);
  if (type == G_TYPE_STRV) return stringsToJs(env, value);
  if (type == G_TYPE_BYTES) {
    auto* bytes = static_cast<GBytes*>(g_value_get_boxed(value));
    if (!bytes) return env.Null();
    gsize size = 0;
    auto* data = static_cast<const uint8_t*>(g_bytes_get_data(bytes, &size));
    return Napi::Buffer<uint8_t>::Copy(env, data, size);
  }
  if (type == G_TYPE_ERROR) {
    auto* error = static_cast<GError*>(g_value_get_boxed(value));
    if (!error) return env.Null();
    auto object = Napi::Object::New(env);
    object.Set("message", error->message ? error->message : "");
    object.Set("domain", g_quark_to_string(error->domain));
    object.Set("code", error->code);
    return object;
  }
  if (!g_value_get_boxed(value)) return env.Null();
  return takeString(env, gst_value_serialize(value));
}

Napi::Value toJs(Napi::Env env, const GValue* value, Wide wide) {
  switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_BOOLEAN: return Napi::Boolean::New(env, g_value_get_boolean(value));
    case G_TYPE_CHAR: return Napi::Number::New(env, g_value_get_schar(value));
    case G_TYPE_UCHAR: return Napi::Number::New(env, g_value_get_uchar(value));
    case G_TYPE_INT: return Napi::Number::New(env, g_value_get_int(value));
    case G_TYPE_UINT: return Napi::Number::New(env, g_value_get_uint(value));
    case G_TYPE_LONG: return fromInt64(env, g_value_get_long(value), wide);
    case G_TYPE_ULONG: return fromUint64(env, g_value_get_ulong(value), wide);
    case G_TYPE_INT64: return fromInt64(env, g_value_get_int64(value), wide);
    case G_TYPE_UINT64: return fromUint64(env, g_value_get_uint64(value), wide);
    case G_TYPE_FLOAT: return Napi::Number::New(env, g_value_get_float(value));
    case G_TYPE_DOUBLE: return Napi::Number::New(env, g_value_get_double(value));
    case G_TYPE_STRING: {
      const gchar* text = g_value_get_string(value);
      return text ? Napi::Value(Napi::String::New(env, text)) : env.Null();
    }
    case G_TYPE_ENUM: return enumToJs(env, value);
    case G_TYPE_OBJECT: return wrapObject(env, g_value_get_object(value));
    case G_TYPE_PARAM: {
      GParamSpec* spec = g_value_get_param(value);
      return spec ? Napi::Value(Napi::String::New(env, g_param_spec_get_name(spec))) : env.Null();
    }
    case G_TYPE_BOXED: return boxedToJs(env, value, wide);
    case G_TYPE_POINTER: return env.Null();
    default: break;
  }
  if (GST_VALUE_HOLDS_ARRAY(value) || GST_VALUE_HOLDS_LIST(value)) return listToJs(env, value, wide);
  return takeString(env, gst_value_serialize(value));
}

Napi::Object structureToJs(Napi::Env env, const GstStructure* structure, Wide wide) {
  auto object = Napi::Object::New(env);
  const gint fields = gst_structure_n_fields(structure);
  for (gint i = 0; i < fields; i++) {
    const gchar* name = gst_structure_nth_field_name(structure, i);
    object.Set(name, toJs(env, gst_structure_get_value(structure, name), wide));
  }
  return object;
}

Napi::Object capsToJs(Napi::Env env, const GstCaps* caps) {
  if (gst_caps_get_size(caps) == 0) return Napi::Object::New(env);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  Napi::Object object = structureToJs(env, structure);
  object.Set("name", gst_structure_get_name(structure));
  return object;
}

Napi::Value capsString(Napi::Env env, const GstCaps* caps) {
  return caps ? takeString(env, gst_caps_to_string(caps)) : env.Null();
}

Napi::Value bytesToJs(Napi::Env env, GstBuffer* buffer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return env.Undefined();
  auto bytes = Napi::Buffer<uint8_t>::Copy(env, map.data, map.size);
  gst_buffer_unmap(buffer, &map);
  return bytes;
}

Napi::Object sampleToJs(Napi::Env env, GstSample* sample) {
  auto object = Napi::Object::New(env);
  if (GstBuffer* buffer = gst_sample_get_buffer(sample)) {
    object.Set("buffer", bytesToJs(env, buffer));
    object.Set("flags", Napi::Number::New(env, GST_BUFFER_FLAGS(buffer)));
    if (GST_BUFFER_PTS_IS_VALID(buffer)) object.Set("pts", Napi::Number::New(env, static_cast<double>(GST_BUFFER_PTS(buffer))));
  }
  if (GstCaps* caps = gst_sample_get_caps(sample)) object.Set("caps", capsToJs(env, caps));
  return object;
}
