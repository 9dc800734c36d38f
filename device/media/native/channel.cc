#include "channel.h"

std::shared_ptr<Channel> Channel::open(Napi::Env env, Napi::Function function, const char* name, bool keepsProcess) {
  std::shared_ptr<Channel> channel(new Channel());
  auto* state = new std::shared_ptr<State>(channel->state_);
  napi_threadsafe_function made = nullptr;
  auto finalized = [](napi_env, void* data, void*) {
    auto* state = static_cast<std::shared_ptr<State>*>(data);
    {
      std::lock_guard<std::mutex> lock((*state)->mutex);
      (*state)->closed = true;
      (*state)->function = nullptr;
    }
    delete state;
  };
  napi_status status = napi_create_threadsafe_function(env, function, nullptr, Napi::String::New(env, name), 0, 1, state, finalized,
                                                       state, &Channel::deliver, &made);
  if (status != napi_ok) {
    delete state;
    throw Napi::Error::New(env);
  }
  channel->state_->function = made;
  if (!keepsProcess) napi_unref_threadsafe_function(env, made);
  return channel;
}

void Channel::post(Delivery delivery) {
  auto* queued = new Delivery(std::move(delivery));
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    if (!state_->closed && state_->function) {
      const napi_status status = napi_call_threadsafe_function(state_->function, queued, napi_tsfn_nonblocking);
      if (status == napi_ok) return;
      // Node is ending it, and has taken back our share of it with this answer: it may not be released again.
      if (status == napi_closing) state_->function = nullptr;
    }
  }
  delete queued;
}

void Channel::close() {
  std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->closed.exchange(true) || !state_->function) return;
  napi_release_threadsafe_function(state_->function, napi_tsfn_release);
  state_->function = nullptr;
}

void Channel::deliver(napi_env rawEnv, napi_value function, void* context, void* data) {
  std::unique_ptr<Delivery> delivery(static_cast<Delivery*>(data));
  auto* state = static_cast<std::shared_ptr<State>*>(context);
  // A null environment means that Node is throwing the queue away.
  if (!rawEnv || !delivery || (*state)->closed) return;
  Napi::Env env(rawEnv);
  Napi::HandleScope scope(env);
  try {
    (*delivery)(env, function ? Napi::Function(env, function) : Napi::Function());
  } catch (const Napi::Error& error) {
    napi_fatal_exception(rawEnv, error.Value());
  }
}

void Wake::wake() {
  if (pending_->exchange(true)) return;
  channel_->post([pending = pending_](Napi::Env, Napi::Function function) {
    pending->store(false);
    function.Call({});
  });
}

void Wake::wakeAndClose() {
  channel_->post([channel = channel_](Napi::Env, Napi::Function function) {
    channel->close();
    function.Call({});
  });
}
