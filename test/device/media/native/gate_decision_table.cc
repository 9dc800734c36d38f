// The gate's decision, row by row. Built twice by `make gate-test`: as it is, and without the comparison (GATE_TEST_NO_COMPARE), where
// rows must fail. Prints one line a failure; the exit code is their number.
#include "gate/decision.h"

#include <cstdio>
#include <string>

namespace {

Fingerprint filled(uint8_t byte) {
  Fingerprint fingerprint;
  fingerprint.fill(byte);
  return fingerprint;
}

Fingerprint flipped(const Fingerprint& fingerprint, size_t bit) {
  Fingerprint other = fingerprint;
  other[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
  return other;
}

const Fingerprint far = filled(0xa5);
const Fingerprint stranger = filled(0x5a);

/** e expect far, E expect stranger, p far is presented, P stranger is presented, u unreadable, r release. */
GateDecision::State after(const std::string& steps) {
  GateDecision decision;
  for (char step : steps) {
    switch (step) {
      case 'e': decision.expect(far); break;
      case 'E': decision.expect(stranger); break;
      case 'p': decision.present(far); break;
      case 'P': decision.present(stranger); break;
      case 'u': decision.presentUnreadable(); break;
      case 'r': decision.release(); break;
      default: std::printf("bad step %c\n", step);
    }
  }
  return decision.state();
}

int failures = 0;

void check(const std::string& steps, GateDecision::State wanted) {
  if (after(steps) == wanted) return;
  failures++;
  std::printf("after \"%s\": %d, wanted %d\n", steps.c_str(), static_cast<int>(after(steps)), static_cast<int>(wanted));
}

/** The rule in other words, to hold against every sequence: told from the whole sequence, not step by step. */
GateDecision::State rule(const std::string& steps) {
  const auto has = [&](char step) { return steps.find(step) != std::string::npos; };
  const size_t e = steps.find('e'), E = steps.find('E');
  const bool expectsFar = e != std::string::npos && (E == std::string::npos || e < E);
  const bool expectsStranger = E != std::string::npos && !expectsFar;
  const bool twice = e != std::string::npos && E != std::string::npos;
  const bool mismatch = (expectsFar && has('P')) || (expectsStranger && has('p'));
  if (twice || mismatch || has('u')) return GateDecision::State::refused;
  const bool match = (expectsFar && has('p')) || (expectsStranger && has('P'));
  return match && has('r') ? GateDecision::State::open : GateDecision::State::waiting;
}

void everySequence(const std::string& prefix, int left) {
  check(prefix, rule(prefix));
  if (left == 0) return;
  for (char step : std::string("eEpPur")) everySequence(prefix + step, left - 1);
}

}  // namespace

int main() {
  using State = GateDecision::State;
  check("", State::waiting);
  check("r", State::waiting);
  check("p", State::waiting);
  check("e", State::waiting);
  check("pr", State::waiting);
  check("er", State::waiting);
  check("ep", State::waiting);
  check("epr", State::open);
  check("rep", State::open);
  check("per", State::open);
  check("prre", State::open);
  check("eper", State::open);
  check("eppr", State::open);
  check("eP", State::refused);
  check("ePr", State::refused);
  check("rPe", State::refused);
  check("ePpr", State::refused);
  check("eprP", State::refused);
  check("pPer", State::refused);
  check("eprE", State::refused);
  check("eEpr", State::refused);
  check("epru", State::refused);
  check("uepr", State::refused);
  everySequence("", 5);

  // Every single bit counts.
  for (size_t bit = 0; bit < 256; bit++) {
    GateDecision decision;
    decision.expect(far);
    decision.release();
    decision.present(flipped(far, bit));
    if (decision.state() != State::refused) {
      failures++;
      std::printf("bit %zu does not count\n", bit);
    }
  }

  // A peer that shows certificates without end before anything is expected is refused, and cannot fill the memory.
  GateDecision flooded;
  for (int i = 0; i < 1000; i++) flooded.present(far);
  flooded.expect(far);
  flooded.release();
  if (flooded.state() != State::refused) {
    failures++;
    std::printf("flood of certificates not refused\n");
  }
  std::printf("%d failures\n", failures);
  return failures > 200 ? 200 : failures;
}
