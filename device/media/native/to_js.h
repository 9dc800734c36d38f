#pragma once
#include <gst/gst.h>
#include <napi.h>

/** How 64-bit integers come out: as numbers (ours), or as `bigint` (gst-kit's property form). */
enum class Wide { number, bigint };

/** A GValue as JavaScript; see GstValue in values.ts for the forms. */
Napi::Value toJs(Napi::Env env, const GValue* value, Wide wide = Wide::number);

/** The structure's fields as a plain object. */
Napi::Object structureToJs(Napi::Env env, const GstStructure* structure, Wide wide = Wide::number);

/** Caps as `{name, …fields}` of their first structure. */
Napi::Object capsToJs(Napi::Env env, const GstCaps* caps);

/** Caps as a string; null for none. */
Napi::Value capsString(Napi::Env env, const GstCaps* caps);

/** A copy of the sample: buffer, flags, pts, caps. */
Napi::Object sampleToJs(Napi::Env env, GstSample* sample);

/** A copy of the bytes; undefined when the buffer cannot be mapped. */
Napi::Value bytesToJs(Napi::Env env, GstBuffer* buffer);
