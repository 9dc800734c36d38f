#include "environment.h"

#include <gst/gst.h>

#include "attachment.h"
#include "handle.h"

/** Handles may be finalized later and keep the state; the references belong to the environment and go with it. */
static void finalize(Napi::Env, std::shared_ptr<Environment>* environment) {
  (*environment)->handleClass.Reset();
  (*environment)->roomError.Reset();
  (*environment)->wrap.Reset();
  delete environment;
}

void Environment::create(Napi::Env env) {
  auto* owner = new std::shared_ptr<Environment>(std::make_shared<Environment>());
  // Runs before the finalizers of objects: no streaming thread may call into an environment that is going.
  // (The C function: node-addon-api's AddCleanupHook leaks its bookkeeping.)
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        auto& environment = *static_cast<std::shared_ptr<Environment>*>(data);
        environment->closing = true;
        environment->detachAll();
      },
      owner);
  env.SetInstanceData<std::shared_ptr<Environment>, &finalize>(owner);
}

std::shared_ptr<Environment> Environment::of(Napi::Env env) { return *env.GetInstanceData<std::shared_ptr<Environment>>(); }

void Environment::add(const std::shared_ptr<Attachment>& attachment) {
  std::lock_guard<std::mutex> lock(mutex_);
  attachments_[attachment.get()] = attachment;
}

void Environment::forget(Attachment* attachment) {
  std::lock_guard<std::mutex> lock(mutex_);
  attachments_.erase(attachment);
}

std::vector<std::shared_ptr<Attachment>> Environment::attachments() {
  std::vector<std::shared_ptr<Attachment>> found;
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& entry : attachments_)
    if (auto attachment = entry.second.lock()) found.push_back(std::move(attachment));
  return found;
}

void Environment::detachAll() {
  for (auto& attachment : attachments()) attachment->detach();
}

void Environment::detachFrom(uint64_t handle) {
  for (auto& attachment : attachments())
    if (attachment->through() == handle) attachment->detach();
}

static bool isWithin(GObject* object, GObject* root) {
  if (object == root) return true;
  return GST_IS_OBJECT(object) && GST_IS_OBJECT(root) && gst_object_has_as_ancestor(GST_OBJECT(object), GST_OBJECT(root));
}

void Environment::disposeTree(GObject* root) {
  for (auto& attachment : attachments()) {
    GObject* object = attachment->target();
    if (!object) continue;
    if (isWithin(object, root)) attachment->detach();
    g_object_unref(object);
  }
  std::vector<Handle*> within;
  for (auto* handle : handles)
    if (handle->object() && isWithin(handle->object(), root)) within.push_back(handle);
  for (auto* handle : within) handle->drop();
}
