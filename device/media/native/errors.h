#pragma once
#include <napi.h>

#include <string>

/** A RoomError of JavaScript, to be thrown: `throw roomError(env, "media.gst_link", "…")`. Codes: see README.md. */
Napi::Error roomError(Napi::Env env, const char* code, const std::string& message);

/** One argument as a string, or throws `media.gst_argument`. */
std::string stringArgument(const Napi::CallbackInfo& info, size_t index, const char* what);

/** As stringArgument, empty when undefined. */
std::string optionalString(const Napi::CallbackInfo& info, size_t index);

Napi::Function functionArgument(const Napi::CallbackInfo& info, size_t index, const char* what);
