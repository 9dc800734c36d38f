/*
 * The InCamera panel bus, version 1, for a microcontroller: frames, check and messages as docs/panel-bus.md describes them.
 *
 * Header only, C99 and C++, no allocation, no library but the compiler's own headers. The largest object is icpb_packet with
 * 68 bytes; a receiver has 76. Nothing here knows time or ports: feed icpb_receive with each byte that comes in, and write out
 * what icpb_write made.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef INCAMERA_PANEL_BUS_H
#define INCAMERA_PANEL_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ICPB_VERSION 1
#define ICPB_MOST_PAYLOAD 64
#define ICPB_MOST_FRAME 73 /* with its final 00 */
#define ICPB_MOST_STATES 32
#define ICPB_MOST_MODEL 32
#define ICPB_MOST_FIRMWARE 16

/* Milliseconds. */
#define ICPB_ROOM_BEAT_MS 500
#define ICPB_ROOM_LOST_MS 2000
#define ICPB_REPORT_MS 250
#define ICPB_DEVICE_LOST_MS 1000
#define ICPB_ANNOUNCE_MS 1000
#define ICPB_ANSWER_MS 50

enum icpb_type {
	ICPB_HELLO = 0x01,
	ICPB_BEAT = 0x02,
	ICPB_RECALL = 0x03,
	ICPB_SET_LIGHT = 0x10,
	ICPB_SET_SHUTTER = 0x11,
	ICPB_SET_MUTE_LAMP = 0x12,
	ICPB_IDENTITY = 0x81,
	ICPB_REPORT = 0x82,
	ICPB_HISTORY = 0x83,
	ICPB_DONE = 0x84,
	ICPB_REFUSED = 0x85,
	ICPB_NOISE = 0x86
};

/* Bits: in an identity what the device has, in a report what of it is broken. */
enum icpb_part {
	ICPB_LIGHT_BAR = 1,
	ICPB_SHUTTER = 2,
	ICPB_SHUTTER_MOTOR = 4,
	ICPB_MUTE_KEY = 8,
	ICPB_MUTE_LAMP = 16,
	ICPB_OCCUPANCY = 32
};

/* Bits of a state. */
enum icpb_state {
	ICPB_MUTED = 1,
	ICPB_SHUTTER_CLOSED = 2,
	ICPB_SHUTTER_BY_HAND = 4,
	ICPB_OCCUPIED = 8,
	ICPB_ALL_STATES = 15
};

enum icpb_light {
	ICPB_LIGHT_OFF = 0,
	ICPB_LIGHT_FREE = 1,
	ICPB_LIGHT_RINGING = 2,
	ICPB_LIGHT_BUSY = 3,
	ICPB_LIGHT_MUTED = 4,
	ICPB_LIGHT_TROUBLE = 5
};

enum icpb_refusal {
	ICPB_OTHER = 0,
	ICPB_HELD_BY_HAND = 1,
	ICPB_NO_SUCH_PART = 2,
	ICPB_BAD_VALUE = 3,
	ICPB_UNKNOWN_TYPE = 4,
	ICPB_UNKNOWN_VERSION = 5,
	ICPB_NOT_GREETED = 6,
	ICPB_BROKEN = 7
};

/* What a frame carries. */
typedef struct {
	uint8_t version;
	uint8_t type;
	uint8_t sequence;
	uint8_t length;
	uint8_t payload[ICPB_MOST_PAYLOAD];
} icpb_packet;

typedef struct {
	uint8_t lowest;
	uint8_t highest;
} icpb_hello;

typedef struct {
	uint32_t counter;
} icpb_recall;

typedef struct {
	uint8_t lowest;
	uint8_t highest;
	uint16_t parts;
	char model[ICPB_MOST_MODEL + 1];
	char firmware[ICPB_MOST_FIRMWARE + 1];
} icpb_identity;

typedef struct {
	uint32_t counter;
	uint8_t state;
	uint16_t broken;
} icpb_report;

typedef struct {
	uint32_t counter;
	uint8_t count;
	uint8_t states[ICPB_MOST_STATES];
} icpb_history;

typedef struct {
	uint8_t of;
	uint8_t refusal;
} icpb_refused;

/* ---- check ---- */

/* One byte more of CRC-16/CCITT, least bit first. Begin with FFFF, invert at the end; of "123456789" it is 906E. */
static inline uint16_t icpb_crc_step(uint16_t crc, uint8_t byte)
{
	int bit;
	crc = (uint16_t)(crc ^ byte);
	for (bit = 0; bit < 8; bit++) crc = (uint16_t)((crc & 1u) ? (crc >> 1) ^ 0x8408u : crc >> 1);
	return crc;
}

static inline uint16_t icpb_crc(const uint8_t *bytes, size_t count)
{
	uint16_t crc = 0xFFFF;
	size_t at;
	for (at = 0; at < count; at++) crc = icpb_crc_step(crc, bytes[at]);
	return (uint16_t)(crc ^ 0xFFFFu);
}

/* ---- frames ---- */

/* Writes one frame with its final 00; gives its length, 0 when the packet's length is more than there can be. */
static inline size_t icpb_write(const icpb_packet *packet, uint8_t frame[ICPB_MOST_FRAME])
{
	size_t stuffed, at, mark = 0;
	uint16_t check;
	if (packet->length > ICPB_MOST_PAYLOAD) return 0;
	stuffed = (size_t)packet->length + 5;
	frame[1] = packet->version;
	frame[2] = packet->type;
	frame[3] = packet->sequence;
	frame[4] = packet->length;
	memcpy(frame + 5, packet->payload, packet->length);
	for (at = 1; at < stuffed; at++) {
		if (frame[at] != 0) continue;
		frame[mark] = (uint8_t)(at - mark);
		mark = at;
	}
	frame[mark] = (uint8_t)(stuffed - mark);
	check = icpb_crc(frame, stuffed);
	frame[stuffed] = (uint8_t)(0x80u | (check & 0x7Fu));
	frame[stuffed + 1] = (uint8_t)(0x80u | ((check >> 7) & 0x7Fu));
	frame[stuffed + 2] = (uint8_t)(0x80u | (check >> 14));
	frame[stuffed + 3] = 0;
	return stuffed + 4;
}

/* Reads a frame without its final 00, in which no other 00 may be; false: broken. */
static inline bool icpb_read(const uint8_t *frame, size_t count, icpb_packet *packet)
{
	uint8_t plain[ICPB_MOST_FRAME];
	size_t stuffed, mark = 0;
	uint16_t check;
	if (count < 8 || count >= ICPB_MOST_FRAME) return false;
	stuffed = count - 3;
	check = icpb_crc(frame, stuffed);
	if (frame[stuffed] != (0x80u | (check & 0x7Fu))) return false;
	if (frame[stuffed + 1] != (0x80u | ((check >> 7) & 0x7Fu))) return false;
	if (frame[stuffed + 2] != (0x80u | (check >> 14))) return false;
	memcpy(plain, frame, stuffed);
	for (;;) {
		uint8_t distance = frame[mark];
		if (distance == 0) return false;
		mark += distance;
		if (mark >= stuffed) break;
		plain[mark] = 0;
	}
	if (mark != stuffed || plain[4] != stuffed - 5) return false;
	packet->version = plain[1];
	packet->type = plain[2];
	packet->sequence = plain[3];
	packet->length = plain[4];
	memcpy(packet->payload, plain + 5, packet->length);
	return true;
}

/* Collects the bytes of a line. All zero is how it begins. */
typedef struct {
	uint8_t bytes[ICPB_MOST_FRAME - 1];
	uint8_t length;
	bool too_long;
	uint16_t bad_bytes; /* that were no frame, modulo 65536: what an ICPB_NOISE tells */
} icpb_receiver;

/* Takes one byte; true when it ended a whole frame, which then stands in `packet`. */
static inline bool icpb_receive(icpb_receiver *receiver, uint8_t byte, icpb_packet *packet)
{
	bool whole = false;
	if (byte != 0) {
		if (receiver->too_long) {
			receiver->bad_bytes++;
		} else if (receiver->length < sizeof receiver->bytes) {
			receiver->bytes[receiver->length++] = byte;
		} else {
			receiver->too_long = true;
			receiver->bad_bytes = (uint16_t)(receiver->bad_bytes + receiver->length + 1);
		}
		return false;
	}
	if (!receiver->too_long && receiver->length > 0) {
		whole = icpb_read(receiver->bytes, receiver->length, packet);
		if (!whole) receiver->bad_bytes = (uint16_t)(receiver->bad_bytes + receiver->length);
	}
	receiver->length = 0;
	receiver->too_long = false;
	return whole;
}

/* ---- messages ---- */

static inline void icpb_begin(icpb_packet *packet, uint8_t type, uint8_t sequence)
{
	packet->version = ICPB_VERSION;
	packet->type = type;
	packet->sequence = sequence;
	packet->length = 0;
}

static inline void icpb_put8(icpb_packet *packet, uint8_t value)
{
	if (packet->length < ICPB_MOST_PAYLOAD) packet->payload[packet->length++] = value;
}

static inline void icpb_put16(icpb_packet *packet, uint16_t value)
{
	icpb_put8(packet, (uint8_t)value);
	icpb_put8(packet, (uint8_t)(value >> 8));
}

static inline void icpb_put32(icpb_packet *packet, uint32_t value)
{
	icpb_put16(packet, (uint16_t)value);
	icpb_put16(packet, (uint16_t)(value >> 16));
}

/* A text with its length before it; what is longer than `most` is cut. */
static inline void icpb_put_text(icpb_packet *packet, const char *text, uint8_t most)
{
	uint8_t length = 0, at;
	while (length < most && text[length] != 0) length++;
	icpb_put8(packet, length);
	for (at = 0; at < length; at++) icpb_put8(packet, (uint8_t)text[at]);
}

static inline uint16_t icpb_get16(const icpb_packet *packet, size_t at)
{
	return (uint16_t)(packet->payload[at] | (packet->payload[at + 1] << 8));
}

static inline uint32_t icpb_get32(const icpb_packet *packet, size_t at)
{
	return icpb_get16(packet, at) | ((uint32_t)icpb_get16(packet, at + 2) << 16);
}

/* Reads a text into most + 1 characters; gives where it ends, 0 when it is none. */
static inline size_t icpb_get_text(const icpb_packet *packet, size_t at, char *text, uint8_t most)
{
	uint8_t length, index;
	if (at >= packet->length) return 0;
	length = packet->payload[at++];
	if (length > most || at + length > packet->length) return 0;
	for (index = 0; index < length; index++) {
		uint8_t character = packet->payload[at + index];
		if (character < 0x20 || character > 0x7E) return 0;
		text[index] = (char)character;
	}
	text[length] = 0;
	return at + length;
}

/*
 * Whether a packet is of a version that is read here. Hello, identity and refusal are the same in every version, so that both ends can
 * find out which they have in common.
 */
static inline bool icpb_readable(const icpb_packet *packet)
{
	return packet->version == ICPB_VERSION || packet->type == ICPB_HELLO || packet->type == ICPB_IDENTITY ||
		packet->type == ICPB_REFUSED;
}

/* What a device reads. Each gives false where the packet is not of this type or makes no sense; a longer one is of a newer room. */

static inline bool icpb_get_hello(const icpb_packet *packet, icpb_hello *hello)
{
	if (packet->type != ICPB_HELLO || packet->length < 2) return false;
	hello->lowest = packet->payload[0];
	hello->highest = packet->payload[1];
	return true;
}

static inline bool icpb_get_recall(const icpb_packet *packet, icpb_recall *recall)
{
	if (!icpb_readable(packet) || packet->type != ICPB_RECALL || packet->length < 4) return false;
	recall->counter = icpb_get32(packet, 0);
	return true;
}

/* The value of ICPB_SET_LIGHT, ICPB_SET_SHUTTER or ICPB_SET_MUTE_LAMP: a light, or 1 for closed and on. */
static inline bool icpb_get_set(const icpb_packet *packet, uint8_t *value)
{
	uint8_t most = packet->type == ICPB_SET_LIGHT ? (uint8_t)ICPB_LIGHT_TROUBLE : 1;
	if (!icpb_readable(packet) || packet->type < ICPB_SET_LIGHT || packet->type > ICPB_SET_MUTE_LAMP) return false;
	if (packet->length < 1 || packet->payload[0] > most) return false;
	*value = packet->payload[0];
	return true;
}

/* What a device says. `sequence`: that of the request which is answered, 0 for what nobody asked for. */

static inline void icpb_put_identity(icpb_packet *packet, uint8_t sequence, const icpb_identity *identity)
{
	icpb_begin(packet, ICPB_IDENTITY, sequence);
	icpb_put8(packet, identity->lowest);
	icpb_put8(packet, identity->highest);
	icpb_put16(packet, identity->parts);
	icpb_put_text(packet, identity->model, ICPB_MOST_MODEL);
	icpb_put_text(packet, identity->firmware, ICPB_MOST_FIRMWARE);
}

static inline void icpb_put_report(icpb_packet *packet, const icpb_report *report)
{
	icpb_begin(packet, ICPB_REPORT, 0);
	icpb_put32(packet, report->counter);
	icpb_put8(packet, report->state);
	icpb_put16(packet, report->broken);
}

static inline void icpb_put_history(icpb_packet *packet, uint8_t sequence, const icpb_history *history)
{
	uint8_t at;
	icpb_begin(packet, ICPB_HISTORY, sequence);
	icpb_put32(packet, history->counter);
	icpb_put8(packet, history->count);
	for (at = 0; at < history->count && at < ICPB_MOST_STATES; at++) icpb_put8(packet, history->states[at]);
}

static inline void icpb_put_done(icpb_packet *packet, uint8_t sequence, uint8_t of)
{
	icpb_begin(packet, ICPB_DONE, sequence);
	icpb_put8(packet, of);
}

static inline void icpb_put_refused(icpb_packet *packet, uint8_t sequence, const icpb_refused *refused)
{
	icpb_begin(packet, ICPB_REFUSED, sequence);
	icpb_put8(packet, refused->of);
	icpb_put8(packet, refused->refusal);
}

static inline void icpb_put_noise(icpb_packet *packet, uint16_t bad_bytes)
{
	icpb_begin(packet, ICPB_NOISE, 0);
	icpb_put16(packet, bad_bytes);
}

/* The other way round, for whoever writes a tester or a room. */

static inline void icpb_put_hello(icpb_packet *packet, uint8_t sequence, const icpb_hello *hello)
{
	icpb_begin(packet, ICPB_HELLO, sequence);
	icpb_put8(packet, hello->lowest);
	icpb_put8(packet, hello->highest);
}

static inline void icpb_put_beat(icpb_packet *packet)
{
	icpb_begin(packet, ICPB_BEAT, 0);
}

static inline void icpb_put_recall(icpb_packet *packet, uint8_t sequence, uint32_t counter)
{
	icpb_begin(packet, ICPB_RECALL, sequence);
	icpb_put32(packet, counter);
}

/* `type`: ICPB_SET_LIGHT, ICPB_SET_SHUTTER or ICPB_SET_MUTE_LAMP. */
static inline void icpb_put_set(icpb_packet *packet, uint8_t sequence, uint8_t type, uint8_t value)
{
	icpb_begin(packet, type, sequence);
	icpb_put8(packet, value);
}

static inline bool icpb_get_identity(const icpb_packet *packet, icpb_identity *identity)
{
	size_t at;
	if (packet->type != ICPB_IDENTITY || packet->length < 4) return false;
	identity->lowest = packet->payload[0];
	identity->highest = packet->payload[1];
	identity->parts = icpb_get16(packet, 2);
	at = icpb_get_text(packet, 4, identity->model, ICPB_MOST_MODEL);
	return at != 0 && icpb_get_text(packet, at, identity->firmware, ICPB_MOST_FIRMWARE) != 0;
}

static inline bool icpb_get_report(const icpb_packet *packet, icpb_report *report)
{
	if (!icpb_readable(packet) || packet->type != ICPB_REPORT || packet->length < 7) return false;
	report->counter = icpb_get32(packet, 0);
	report->state = packet->payload[4] & ICPB_ALL_STATES;
	report->broken = icpb_get16(packet, 5);
	return true;
}

static inline bool icpb_get_history(const icpb_packet *packet, icpb_history *history)
{
	uint8_t at;
	if (!icpb_readable(packet) || packet->type != ICPB_HISTORY || packet->length < 5) return false;
	history->counter = icpb_get32(packet, 0);
	history->count = packet->payload[4];
	if (history->count == 0 || history->count > ICPB_MOST_STATES || packet->length < 5 + history->count) return false;
	for (at = 0; at < history->count; at++) history->states[at] = packet->payload[5 + at] & ICPB_ALL_STATES;
	return true;
}

static inline bool icpb_get_done(const icpb_packet *packet, uint8_t *of)
{
	if (!icpb_readable(packet) || packet->type != ICPB_DONE || packet->length < 1) return false;
	*of = packet->payload[0];
	return true;
}

static inline bool icpb_get_refused(const icpb_packet *packet, icpb_refused *refused)
{
	if (packet->type != ICPB_REFUSED || packet->length < 2) return false;
	refused->of = packet->payload[0];
	/* a reason that came later than this header is still a refusal */
	refused->refusal = packet->payload[1] > ICPB_BROKEN ? (uint8_t)ICPB_OTHER : packet->payload[1];
	return true;
}

static inline bool icpb_get_noise(const icpb_packet *packet, uint16_t *bad_bytes)
{
	if (!icpb_readable(packet) || packet->type != ICPB_NOISE || packet->length < 2) return false;
	*bad_bytes = icpb_get16(packet, 0);
	return true;
}

#ifdef __cplusplus
}
#endif

#endif
