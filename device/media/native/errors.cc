#include "errors.h"

#include "environment.h"

Napi::Error roomError(Napi::Env env, const char* code, const std::string& message) {
  auto error = Environment::of(env)->roomError.New({Napi::String::New(env, code), Napi::String::New(env, message)});
  return Napi::Error(env, error);
}

std::string stringArgument(const Napi::CallbackInfo& info, size_t index, const char* what) {
  if (!info[index].IsString()) throw roomError(info.Env(), "media.gst_argument", std::string(what) + " must be a string");
  return info[index].As<Napi::String>().Utf8Value();
}

std::string optionalString(const Napi::CallbackInfo& info, size_t index) {
  return info[index].IsString() ? info[index].As<Napi::String>().Utf8Value() : std::string();
}

Napi::Function functionArgument(const Napi::CallbackInfo& info, size_t index, const char* what) {
  if (!info[index].IsFunction()) throw roomError(info.Env(), "media.gst_argument", std::string(what) + " must be a function");
  return info[index].As<Napi::Function>();
}
