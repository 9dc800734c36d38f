/*
 * A whole device of the panel bus with incamera_panel_bus.h: mute key with lamp, shutter with a motor, light bar, occupancy. On a microcontroller
 * replace the five functions under "the board"; everything above them stays. Here the board is a program on a desk: the line is a serial
 * port given as argument, and letters on standard input are hands (K k press and release the key, S s close and open the shutter, O o come
 * and go).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "incamera_panel_bus.h"

static uint32_t board_millis(void);
static void board_send(const uint8_t *bytes, size_t count);
static void board_light(uint8_t light);
static void board_lamp(uint8_t on);
static void board_motor(uint8_t closed);

static const icpb_identity identity = {
	ICPB_VERSION, ICPB_VERSION,
	ICPB_LIGHT_BAR | ICPB_SHUTTER | ICPB_SHUTTER_MOTOR | ICPB_MUTE_KEY | ICPB_MUTE_LAMP | ICPB_OCCUPANCY,
	"InCamera Example", "1.0.0"
};

static icpb_report now;                    /* what is, and its counter */
static uint8_t past[ICPB_MOST_STATES];     /* the states of the last counters, that of counter n at n % 32 */
static uint32_t remembered = 1;            /* how many of them count */
static bool greeted;
static uint32_t heard_at, said_at;
static uint16_t told_bad_bytes;
static icpb_receiver receiver;
static uint8_t last_type, last_sequence;   /* of the last request; 0: none */
static uint8_t last_answer[ICPB_MOST_FRAME];
static size_t last_answer_count;

static void say(const icpb_packet *packet)
{
	uint8_t frame[ICPB_MOST_FRAME];
	board_send(frame, icpb_write(packet, frame));
}

static void report(void)
{
	icpb_packet packet;
	icpb_put_report(&packet, &now);
	say(&packet);
	said_at = board_millis();
	if (receiver.bad_bytes == told_bad_bytes) return;
	told_bad_bytes = receiver.bad_bytes;
	icpb_put_noise(&packet, told_bad_bytes);
	say(&packet);
}

static void announce(void)
{
	icpb_packet packet;
	icpb_put_identity(&packet, 0, &identity);
	say(&packet);
	said_at = board_millis();
}

static void change(uint8_t state)
{
	now.state = state;
	now.counter++;
	past[now.counter % ICPB_MOST_STATES] = state;
	if (remembered < ICPB_MOST_STATES) remembered++;
	if (greeted) report();
}

static void set_bit(uint8_t bits, bool on)
{
	uint8_t state = (uint8_t)(on ? now.state | bits : now.state & ~bits);
	if (state != now.state) change(state);
}

static void move_shutter(bool closed)
{
	if (closed == ((now.state & ICPB_SHUTTER_CLOSED) != 0)) return;
	board_motor(closed);
	set_bit(ICPB_SHUTTER_CLOSED, closed);
}

/* Nobody speaks for the room: nothing may be claimed, nothing may be seen. */
static void safe_side(void)
{
	greeted = false;
	last_type = 0;
	board_light(ICPB_LIGHT_TROUBLE);
	board_lamp(0);
	move_shutter(true);
	announce();
}

static void done(icpb_packet *answer, const icpb_packet *request)
{
	icpb_put_done(answer, request->sequence, request->type);
}

static void refuse(icpb_packet *answer, const icpb_packet *request, uint8_t reason)
{
	icpb_refused refused;
	refused.of = request->type;
	refused.refusal = reason;
	icpb_put_refused(answer, request->sequence, &refused);
}

static void tell_again(icpb_packet *answer, const icpb_packet *request, uint32_t from)
{
	icpb_history history;
	uint32_t back = now.counter - from;
	uint8_t at;
	if (back > 0x7FFFFFFFu) {
		refuse(answer, request, ICPB_BAD_VALUE); /* it is yet to come */
		return;
	}
	if (back >= remembered) back = remembered - 1;
	history.counter = now.counter - back;
	history.count = (uint8_t)(back + 1);
	for (at = 0; at < history.count; at++) history.states[at] = past[(history.counter + at) % ICPB_MOST_STATES];
	icpb_put_history(answer, request->sequence, &history);
}

static void answer_to(const icpb_packet *request, icpb_packet *answer)
{
	icpb_recall recall;
	icpb_hello hello;
	uint8_t value;
	bool known = request->type == ICPB_RECALL || (request->type >= ICPB_SET_LIGHT && request->type <= ICPB_SET_MUTE_LAMP);
	if (icpb_get_hello(request, &hello)) {
		bool common = hello.lowest <= ICPB_VERSION && hello.highest >= ICPB_VERSION;
		if (!common && greeted) safe_side();
		greeted = common;
		icpb_put_identity(answer, request->sequence, &identity);
	} else if (request->version != ICPB_VERSION && request->type != ICPB_HELLO) {
		refuse(answer, request, ICPB_UNKNOWN_VERSION);
	} else if (!known && request->type != ICPB_HELLO) {
		refuse(answer, request, ICPB_UNKNOWN_TYPE);
	} else if (!greeted) {
		refuse(answer, request, ICPB_NOT_GREETED);
	} else if (icpb_get_recall(request, &recall)) {
		tell_again(answer, request, recall.counter);
	} else if (!icpb_get_set(request, &value)) {
		refuse(answer, request, ICPB_BAD_VALUE);
	} else if (request->type == ICPB_SET_LIGHT) {
		board_light(value);
		done(answer, request);
	} else if (request->type == ICPB_SET_MUTE_LAMP) {
		board_lamp(value);
		done(answer, request);
	} else if (value == 0 && (now.state & ICPB_SHUTTER_BY_HAND)) {
		refuse(answer, request, ICPB_HELD_BY_HAND); /* the law of the hardware */
	} else {
		move_shutter(value == 1);
		done(answer, request);
	}
}

static void take(const icpb_packet *request)
{
	icpb_packet answer;
	if (request->type >= 0x80) return; /* what a device says: our own echo */
	heard_at = board_millis();
	if (request->type == ICPB_BEAT) return;
	if (request->type != ICPB_HELLO && request->type == last_type && request->sequence == last_sequence) {
		board_send(last_answer, last_answer_count); /* the answer got lost: it is not done twice */
		return;
	}
	answer_to(request, &answer);
	last_type = request->type;
	last_sequence = request->sequence;
	last_answer_count = icpb_write(&answer, last_answer);
	board_send(last_answer, last_answer_count);
	if (request->type == ICPB_HELLO && greeted) report();
}

/* To be called with each byte that comes in. */
static void byte_came(uint8_t byte)
{
	icpb_packet packet;
	if (icpb_receive(&receiver, byte, &packet)) take(&packet);
}

/* To be called at least every 10 ms. */
static void time_passes(void)
{
	uint32_t at = board_millis();
	if (greeted && at - heard_at >= ICPB_ROOM_LOST_MS) safe_side();
	else if (greeted && at - said_at >= ICPB_REPORT_MS) report();
	else if (!greeted && at - said_at >= ICPB_ANNOUNCE_MS) announce();
}

/* A switch of the key, the shutter's slider, the sensor. */
static void hand(char what)
{
	if (what == 'K' || what == 'k') set_bit(ICPB_MUTED, what == 'K');
	if (what == 'S' || what == 's') set_bit(ICPB_SHUTTER_CLOSED | ICPB_SHUTTER_BY_HAND, what == 'S');
	if (what == 'O' || what == 'o') set_bit(ICPB_OCCUPIED, what == 'O');
}

/* ---- the board ---- */

static int line;

static uint32_t board_millis(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint32_t)((uint64_t)at.tv_sec * 1000u + (uint64_t)at.tv_nsec / 1000000u);
}

static void board_send(const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(line, bytes, count);
		if (written <= 0) return; /* nobody holds the other end */
		bytes += written;
		count -= (size_t)written;
	}
}

static void board_light(uint8_t light)
{
	printf("light %u\n", (unsigned)light);
}

static void board_lamp(uint8_t on)
{
	printf("lamp %u\n", (unsigned)on);
}

static void board_motor(uint8_t closed)
{
	printf("motor %u\n", (unsigned)closed);
}

int main(int count, char **arguments)
{
	struct pollfd ports[2];
	uint8_t bytes[64];
	ssize_t came, at;
	if (count != 2) return 2;
	line = open(arguments[1], O_RDWR | O_NOCTTY);
	if (line < 0) return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	ports[0].fd = line;
	ports[1].fd = STDIN_FILENO;
	ports[0].events = ports[1].events = POLLIN;
	safe_side();
	for (;;) {
		if (poll(ports, 2, 10) < 0) return 1;
		if (ports[0].revents) {
			came = read(line, bytes, sizeof bytes);
			if (came <= 0) return 0;
			for (at = 0; at < came; at++) byte_came(bytes[at]);
		}
		if (ports[1].revents) {
			came = read(STDIN_FILENO, bytes, sizeof bytes);
			if (came <= 0) return 0;
			for (at = 0; at < came; at++) hand((char)bytes[at]);
		}
		time_passes();
	}
}
