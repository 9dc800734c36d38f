#pragma once
#include <gst/gst.h>

#include <condition_variable>
#include <memory>
#include <mutex>

/**
 * State changes of one element run in the order in which JavaScript asked for them, though each has its own thread: a turn is drawn at
 * the call, and the thread waits for it. Only the change itself is in turn, not the wait for its end.
 */
class StateTurns {
 public:
  static std::shared_ptr<StateTurns> of(GstElement* element);
  uint64_t draw();
  GstStateChangeReturn change(uint64_t turn, GstElement* element, GstState state);

 private:
  std::mutex mutex_;
  std::condition_variable next_;
  uint64_t drawn_ = 0;
  uint64_t serving_ = 0;
};
