#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#if defined(GATE_TEST_NO_COMPARE) && defined(NAPI_VERSION)
#error "A gate that does not compare is for the decision table only, never for the addon."
#endif

/** SHA-256 over the DER of a certificate. */
using Fingerprint = std::array<uint8_t, 32>;

/** Compares without telling by its duration where two fingerprints differ. */
inline bool equalInConstantTime(const Fingerprint& a, const Fingerprint& b) {
#ifdef GATE_TEST_NO_COMPARE
  // Only for the program that proves that the tests would notice; see the gate-test target of the Makefile.
  (void)a;
  (void)b;
  return true;
#else
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < a.size(); i++) difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
#endif
}

/**
 * The gate's decision, and nothing else: no GStreamer, no threads, no clock.
 *
 * Open when all hold: a fingerprint is expected, the gate is released, at least one certificate was presented, and every certificate
 * presented so far, by whatever transport and however often, equals the expected one. A certificate that differs, one that cannot be
 * read, or a second, different expectation refuses for good: there is no way from `refused` to anything.
 */
class GateDecision {
 public:
  enum class State { waiting, open, refused };

  /** The signed fingerprint of the far end. */
  void expect(const Fingerprint& fingerprint) {
    if (expected_) {
      if (!equalInConstantTime(*expected_, fingerprint)) refused_ = true;
      return;
    }
    expected_ = fingerprint;
    for (const auto& presented : early_) judge(presented);
    early_.clear();
  }

  /** A transport showed the far end's certificate. Before `expect` it is kept and judged then. */
  void present(const Fingerprint& fingerprint) {
    if (expected_) {
      judge(fingerprint);
    } else if (early_.size() >= mostEarly) {
      // One transport shows one certificate, a few times at most: this is no honest peer.
      refused_ = true;
    } else {
      early_.push_back(fingerprint);
    }
  }

  /** A transport finished its handshake with a certificate that cannot be read, or with none. */
  void presentUnreadable() { refused_ = true; }

  /** The handshake of the meeting is proved. */
  void release() { released_ = true; }

  State state() const {
    if (refused_) return State::refused;
    return expected_ && released_ && matched_ ? State::open : State::waiting;
  }

 private:
  static constexpr size_t mostEarly = 32;

  void judge(const Fingerprint& fingerprint) {
    if (equalInConstantTime(*expected_, fingerprint)) matched_ = true;
    else refused_ = true;
  }

  std::optional<Fingerprint> expected_;
  std::vector<Fingerprint> early_;
  bool released_ = false;
  bool matched_ = false;
  bool refused_ = false;
};
