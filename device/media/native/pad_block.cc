#include "pad_block.h"

#include <mutex>

// The probe's id hangs on the pad. One lock for all pads: taken for a moment, seldom.
static std::mutex blockMutex;

static GQuark blockQuark() { return g_quark_from_static_string("incamera-block"); }

static gulong blockOf(GstPad* pad) { return reinterpret_cast<gulong>(g_object_get_qdata(G_OBJECT(pad), blockQuark())); }

bool blockPad(GstPad* pad, GstPadProbeType type, GstPadProbeCallback callback, gpointer data, GDestroyNotify destroy) {
  {
    std::lock_guard<std::mutex> lock(blockMutex);
    if (blockOf(pad)) return false;
    // A mark until the id is known: the callback of an idle probe may run inside gst_pad_add_probe.
    g_object_set_qdata(G_OBJECT(pad), blockQuark(), reinterpret_cast<gpointer>(G_MAXULONG));
  }
  const gulong id = gst_pad_add_probe(pad, type, callback, data, destroy);
  std::lock_guard<std::mutex> lock(blockMutex);
  g_object_set_qdata(G_OBJECT(pad), blockQuark(), reinterpret_cast<gpointer>(id));
  return true;
}

static GstPadProbeReturn stayBlocked(GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }

void blockNewPad(GstPad* pad) {
  if (!GST_PAD_IS_SRC(pad) || gst_pad_is_linked(pad)) return;
  blockPad(pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, stayBlocked, nullptr, nullptr);
}

bool unblockPad(GstPad* pad) {
  gulong id = 0;
  {
    std::lock_guard<std::mutex> lock(blockMutex);
    id = blockOf(pad);
    if (!id || id == G_MAXULONG) return false;
    g_object_set_qdata(G_OBJECT(pad), blockQuark(), nullptr);
  }
  gst_pad_remove_probe(pad, id);
  return true;
}

bool isBlocked(GstPad* pad) {
  std::lock_guard<std::mutex> lock(blockMutex);
  return blockOf(pad) != 0;
}
