#pragma once
#include <optional>
#include <string>

#include "decision.h"

/** A certificate with its key as webrtcbin's dtlsdec wants them, and the fingerprint that the far end will see. */
struct OwnCertificate {
  std::string pem;
  Fingerprint sha256;
};

/**
 * A fresh self-signed ECDSA P-256 certificate: random 128-bit name and serial, so that two calls cannot be linked; valid from yesterday
 * (clocks differ) for 30 days, as browsers make theirs. Nothing when the library fails.
 *
 * Made with GnuTLS, which libnice has brought into the process anyway, and not with OpenSSL: node exports its own OpenSSL's symbols, which
 * take the place of libcrypto's for whatever node's copy has and leave the rest to the system's, so code linked to libcrypto here would
 * run on a mixture of two versions. (The dtls plugin does run on node's; a test negotiates DTLS so that an upgrade of Node that breaks it
 * is noticed.) Hashes are GLib's for the same reason.
 */
std::optional<OwnCertificate> makeCertificate();

/** SHA-256 over the DER of the first certificate of a PEM text; nothing when there is none that can be read. */
std::optional<Fingerprint> fingerprintOfPem(const char* pem);
