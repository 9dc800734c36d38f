#pragma once
#include <glib-object.h>

#include <atomic>
#include <memory>

#include "environment.h"

/**
 * Something native that hangs on a GObject on behalf of JavaScript: a signal connection, a probe, a pending promise.
 *
 * It is owned by what GLib calls back with (closure, probe), so it lives as long as a callback may still run, on whatever thread.
 * `detach` is for the JavaScript thread; `ended` may come from any thread, when the GObject let go of it by itself. Whichever is first
 * wins, and the live count falls then, not when the memory goes.
 */
class Attachment : public std::enable_shared_from_this<Attachment> {
 public:
  /** `through`: the handle it was made through, whose dispose ends it; 0 for none. */
  Attachment(const std::shared_ptr<Environment>& environment, GObject* target, uint64_t through);
  virtual ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  /** Takes it off its object. Idempotent. */
  void detach();

  /** The object dropped it. Idempotent. */
  void ended();

  bool isAttached() const { return !over_; }
  uint64_t through() const { return through_; }

  /** A new reference to the object, or null when it is gone. */
  GObject* target() const { return static_cast<GObject*>(g_weak_ref_get(&target_)); }

 protected:
  /** Takes it off; `target` is null when the object is gone. Runs once. */
  virtual void takeOff(GObject* target) = 0;

  /** Lets JavaScript's callback go. Runs once, on any thread. */
  virtual void release() {}

 private:
  std::shared_ptr<Environment> environment_;
  mutable GWeakRef target_;
  uint64_t through_;
  std::atomic<bool> over_{false};
};

/** Owner pointer for GLib's `gpointer user_data`. */
template <typename T>
gpointer ownedData(std::shared_ptr<T> value) {
  return new std::shared_ptr<T>(std::move(value));
}

template <typename T>
T& dataOf(gpointer data) {
  return **static_cast<std::shared_ptr<T>*>(data);
}

/** GDestroyNotify for `ownedData` of an attachment. */
template <typename T>
void endData(gpointer data) {
  auto* owner = static_cast<std::shared_ptr<T>*>(data);
  (*owner)->ended();
  delete owner;
}

template <typename T>
void freeData(gpointer data) {
  delete static_cast<std::shared_ptr<T>*>(data);
}
