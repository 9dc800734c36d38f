#pragma once
#include <napi.h>

#include <functional>

/**
 * Runs `work` on a thread of its own (never of libuv's pool, which file and DNS calls of the room program share) and resolves the
 * promise with what `done` makes of it on the JavaScript thread; an exception of `done` rejects.
 */
Napi::Promise runTask(Napi::Env env, const char* name, std::function<void()> work, std::function<Napi::Value(Napi::Env)> done);
