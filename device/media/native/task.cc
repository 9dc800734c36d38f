#include "task.h"

#include <memory>
#include <thread>

#include "channel.h"
#include "environment.h"

Napi::Promise runTask(Napi::Env env, const char* name, std::function<void()> work, std::function<Napi::Value(Napi::Env)> done) {
  auto deferred = Napi::Promise::Deferred::New(env);
  auto channel = Channel::open(env, Napi::Function(), name, true);
  auto live = std::make_shared<LiveToken>(Environment::of(env)->live);
  std::thread([work = std::move(work), done = std::move(done), deferred, channel, live]() mutable {
    work();
    work = nullptr;
    // What `done` and the token hold is freed on the JavaScript thread, or here when that is gone.
    channel->post([done = std::move(done), deferred, channel, live = std::move(live)](Napi::Env env, Napi::Function) mutable {
      live.reset();
      try {
        deferred.Resolve(done(env));
      } catch (const Napi::Error& error) {
        deferred.Reject(error.Value());
      }
      channel->close();
    });
  }).detach();
  return deferred.Promise();
}
