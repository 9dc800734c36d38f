#include "certificate.h"

#include <glib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <cstring>
#include <ctime>
#include <memory>

static Fingerprint sha256(const guchar* data, gsize size) {
  Fingerprint digest{};
  gsize length = digest.size();
  GChecksum* checksum = g_checksum_new(G_CHECKSUM_SHA256);
  g_checksum_update(checksum, data, static_cast<gssize>(size));
  g_checksum_get_digest(checksum, digest.data(), &length);
  g_checksum_free(checksum);
  return digest;
}

std::optional<Fingerprint> fingerprintOfPem(const char* pem) {
  static const char head[] = "-----BEGIN CERTIFICATE-----";
  static const char foot[] = "-----END CERTIFICATE-----";
  const char* begin = pem ? std::strstr(pem, head) : nullptr;
  if (!begin) return std::nullopt;
  begin += sizeof(head) - 1;
  const char* end = std::strstr(begin, foot);
  if (!end) return std::nullopt;
  const std::string body(begin, end);
  gsize size = 0;
  guchar* der = g_base64_decode(body.c_str(), &size);
  std::optional<Fingerprint> result;
  // A certificate is a DER SEQUENCE; an empty or foreign body is no certificate.
  if (size > 1 && der[0] == 0x30) result = sha256(der, size);
  g_free(der);
  return result;
}

namespace {

/** Owns one GnuTLS object and remembers the first failure of a chain of calls. */
class Maker {
 public:
  Maker() { check(gnutls_x509_privkey_init(&key_)) && check(gnutls_x509_crt_init(&certificate_)); }
  ~Maker() {
    if (certificate_) gnutls_x509_crt_deinit(certificate_);
    if (key_) gnutls_x509_privkey_deinit(key_);
  }
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;

  std::optional<OwnCertificate> make() {
    guchar random[32];
    const time_t now = std::time(nullptr);
    if (!ok_ || !check(gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random))) return std::nullopt;
    random[0] &= 0x7f;  // A serial is positive (RFC 5280, 4.1.2.2).
    const std::string name = hex(random + 16, 16);
    check(gnutls_x509_privkey_generate(key_, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)) &&
        check(gnutls_x509_crt_set_version(certificate_, 3)) &&  //
        check(gnutls_x509_crt_set_serial(certificate_, random, 16)) &&
        check(gnutls_x509_crt_set_activation_time(certificate_, now - 24 * 3600)) &&
        check(gnutls_x509_crt_set_expiration_time(certificate_, now + 30 * 24 * 3600)) &&
        check(gnutls_x509_crt_set_dn_by_oid(certificate_, GNUTLS_OID_X520_COMMON_NAME, 0, name.data(), name.size())) &&
        check(gnutls_x509_crt_set_key(certificate_, key_)) &&
        check(gnutls_x509_crt_sign2(certificate_, certificate_, key_, GNUTLS_DIG_SHA256, 0));
    if (!ok_) return std::nullopt;
    OwnCertificate made;
    gnutls_datum_t text{nullptr, 0};
    if (check(gnutls_x509_crt_export2(certificate_, GNUTLS_X509_FMT_PEM, &text))) append(made.pem, text);
    gnutls_datum_t keyText{nullptr, 0};
    if (ok_ && check(gnutls_x509_privkey_export2_pkcs8(key_, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN, &keyText)))
      append(made.pem, keyText);
    const auto fingerprint = fingerprintOfPem(made.pem.c_str());
    if (!ok_ || !fingerprint) return std::nullopt;
    made.sha256 = *fingerprint;
    return made;
  }

 private:
  bool check(int result) {
    if (result < 0) ok_ = false;
    return ok_;
  }
  static void append(std::string& to, gnutls_datum_t& text) {
    to.append(reinterpret_cast<const char*>(text.data), text.size);
    gnutls_free(text.data);
  }
  static std::string hex(const guchar* bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (size_t i = 0; i < size; i++) {
      text += digits[bytes[i] >> 4];
      text += digits[bytes[i] & 15];
    }
    return text;
  }

  gnutls_x509_privkey_t key_ = nullptr;
  gnutls_x509_crt_t certificate_ = nullptr;
  bool ok_ = true;
};

}  // namespace

std::optional<OwnCertificate> makeCertificate() { return Maker().make(); }
