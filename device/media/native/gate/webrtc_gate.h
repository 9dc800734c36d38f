#pragma once
#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "certificate.h"
#include "decision.h"

/** Buffers that passed or were dropped, in one direction. */
struct GateCount {
  std::atomic<uint64_t> passed{0};
  std::atomic<uint64_t> dropped{0};
};

/**
 * Lets nothing through a webrtcbin before the far end's certificate was proved: a dropping probe on every pad of it, sink and source,
 * and on the SCTP packets of data channels. What GateDecision says is asked for every buffer; probes are never taken off, so a gate that
 * refuses later closes again.
 *
 * The verdict comes from `notify::peer-pem` of each dtlsdec, which runs inside OpenSSL's verify callback on the thread of the handshake:
 * before keys exist for SRTP, so before any packet could be decrypted or encrypted. (The plugin shows the leaf certificate, whatever
 * chain was sent.)
 *
 * webrtcbin 1.22 itself never compares the certificate with a=fingerprint.
 */
class WebrtcGate : public std::enable_shared_from_this<WebrtcGate> {
 public:
  using Listener = std::function<void(GateDecision::State)>;

  /** The gate of a webrtcbin, made and attached at the first call. Null when the element is no webrtcbin. */
  static std::shared_ptr<WebrtcGate> of(GstElement* element);

  const std::optional<OwnCertificate>& certificate() const { return certificate_; }
  void expect(const Fingerprint& fingerprint);
  void release();
  GateDecision::State state() const;

  /** Called for `open` and `refused`, at once if it is so already; from any thread. The returned function ends it. */
  std::function<void()> onChange(Listener listener);

  GateCount sent, received, data;

 private:
  void attach(GstElement* webrtcbin);
  void watchPad(GstPad* pad);
  void watchElement(GstElement* element);
  void watchDtls(GstElement* dtlsdec);
  void present(const char* pem);
  void decide(const std::function<void(GateDecision&)>& step);

  // Tells probes without a lock; written under the lock, only by decide().
  std::atomic<bool> open_{false};
  mutable std::mutex mutex_;
  GateDecision decision_;
  std::list<Listener> listeners_;
  std::optional<OwnCertificate> certificate_ = makeCertificate();
};

/** Gives every webrtcbin in a new element or bin its gate, and every one that is added to the bin later. */
void guardTree(GstElement* root);
