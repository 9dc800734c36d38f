#pragma once
#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

/**
 * The way from any thread to one JavaScript function: a thread-safe function whose end is known.
 *
 * Node takes thread-safe functions down in the clean-up of the environment, before finalizers of objects run; to release one after that
 * is a use after free (seen as a hang at exit). So the finalizer of the thread-safe function marks the channel as closed, under the lock
 * under which `post` and `close` look. Built on the C interface because node-addon-api 8 leaks what is queued at that moment.
 */
class Channel {
 public:
  /** Runs on the JavaScript thread. An exception it throws becomes an uncaught one. */
  using Delivery = std::function<void(Napi::Env, Napi::Function)>;

  /** `function` may be empty when deliveries do not need one. `keepsProcess`: Node stays up until it is closed. */
  static std::shared_ptr<Channel> open(Napi::Env env, Napi::Function function, const char* name, bool keepsProcess = false);
  ~Channel() { close(); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /** Queues a delivery; dropped (and freed) when the channel is closed. Never blocks. */
  void post(Delivery delivery);

  /** No delivery runs after this, not even a queued one. Idempotent, any thread. */
  void close();

 private:
  Channel() = default;
  struct State {
    std::mutex mutex;
    napi_threadsafe_function function = nullptr;
    std::atomic<bool> closed{false};
  };
  static void deliver(napi_env env, napi_value function, void* context, void* data);
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/** Wakes one function, at most once until it ran: for streams that JavaScript drains by itself. */
class Wake {
 public:
  Wake(Napi::Env env, Napi::Function function, const char* name) : channel_(Channel::open(env, function, name)) {}
  void wake();
  void close() { channel_->close(); }
  /** One more call, so that those who wait learn of the end; then closed. */
  void wakeAndClose();

 private:
  std::shared_ptr<Channel> channel_;
  std::shared_ptr<std::atomic<bool>> pending_ = std::make_shared<std::atomic<bool>>(false);
};
