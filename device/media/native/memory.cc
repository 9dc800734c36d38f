#include <malloc.h>

#include "functions.h"
#include "task.h"

/**
 * releaseMemory(): gives back to the kernel what is free in every arena of glibc's allocator, on a thread of its own: it takes
 * milliseconds, under the allocator's locks.
 */
static Napi::Value releaseMemory(const Napi::CallbackInfo& info) {
  return runTask(
      info.Env(), "releaseMemory", [] { malloc_trim(0); }, [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

void addMemory(Napi::Env env, Napi::Object exports) { addFunction<releaseMemory>(env, exports, "releaseMemory"); }
