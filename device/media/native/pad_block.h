#pragma once
#include <gst/gst.h>

/**
 * Holds what a new source pad pushes until JavaScript, which learns of the pad later, has linked it; else the first push would fail
 * with not-linked, and a jitter buffer's task would stop for good. Any thread; a pad that is linked or already held is left alone.
 */
void blockNewPad(GstPad* pad);

/** Adds a block of `type` whose removal is `unblockPad`; false when the pad is blocked already. */
bool blockPad(GstPad* pad, GstPadProbeType type, GstPadProbeCallback callback, gpointer data, GDestroyNotify destroy);

/** Ends any block of this binding; false when there was none. */
bool unblockPad(GstPad* pad);
bool isBlocked(GstPad* pad);
