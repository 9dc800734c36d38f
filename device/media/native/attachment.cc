#include "attachment.h"

Attachment::Attachment(const std::shared_ptr<Environment>& environment, GObject* target, uint64_t through)
    : environment_(environment), through_(through) {
  g_weak_ref_init(&target_, target);
  ++*environment_->live;
}

Attachment::~Attachment() {
  environment_->forget(this);
  if (!over_.exchange(true)) --*environment_->live;
  g_weak_ref_clear(&target_);
}

void Attachment::detach() {
  if (over_.exchange(true)) return;
  auto keep = shared_from_this();
  release();
  GObject* object = target();
  takeOff(object);
  if (object) g_object_unref(object);
  --*environment_->live;
}

void Attachment::ended() {
  if (over_.exchange(true)) return;
  release();
  --*environment_->live;
}
