/*
 * Holds incamera_panel_bus.h against the room's own codec: each line of the input is bytes in hex as they come over a line. For each frame
 * in them it prints the packet, the message by its fields, and the frame that the header makes of these fields; then the bad bytes.
 */
#include <stdio.h>

#include "incamera_panel_bus.h"

static void print_hex(const uint8_t *bytes, size_t count)
{
	size_t at;
	for (at = 0; at < count; at++) printf("%02x", (unsigned)bytes[at]);
}

/* Reads the message into its fields, prints them, and writes them anew; false: no message. */
static bool tell(const icpb_packet *in, icpb_packet *out)
{
	icpb_hello hello;
	icpb_recall recall;
	icpb_identity identity;
	icpb_report report;
	icpb_history history;
	icpb_refused refused;
	uint8_t value, at;
	uint16_t bad_bytes;
	if (icpb_get_hello(in, &hello)) {
		printf(" hello %u %u", (unsigned)hello.lowest, (unsigned)hello.highest);
		icpb_put_hello(out, in->sequence, &hello);
	} else if (in->type == ICPB_BEAT && icpb_readable(in)) {
		printf(" beat");
		icpb_put_beat(out);
	} else if (icpb_get_recall(in, &recall)) {
		printf(" recall %lu", (unsigned long)recall.counter);
		icpb_put_recall(out, in->sequence, recall.counter);
	} else if (icpb_get_set(in, &value)) {
		printf(" set %u %u", (unsigned)in->type, (unsigned)value);
		icpb_put_set(out, in->sequence, in->type, value);
	} else if (icpb_get_identity(in, &identity)) {
		printf(" identity %u %u %u '%s' '%s'", (unsigned)identity.lowest, (unsigned)identity.highest, (unsigned)identity.parts,
			identity.model, identity.firmware);
		icpb_put_identity(out, in->sequence, &identity);
	} else if (icpb_get_report(in, &report)) {
		printf(" report %lu %u %u", (unsigned long)report.counter, (unsigned)report.state, (unsigned)report.broken);
		icpb_put_report(out, &report);
	} else if (icpb_get_history(in, &history)) {
		printf(" history %lu", (unsigned long)history.counter);
		for (at = 0; at < history.count; at++) printf(" %u", (unsigned)history.states[at]);
		icpb_put_history(out, in->sequence, &history);
	} else if (icpb_get_done(in, &value)) {
		printf(" done %u", (unsigned)value);
		icpb_put_done(out, in->sequence, value);
	} else if (icpb_get_refused(in, &refused)) {
		printf(" refused %u %u", (unsigned)refused.of, (unsigned)refused.refusal);
		icpb_put_refused(out, in->sequence, &refused);
	} else if (icpb_get_noise(in, &bad_bytes)) {
		printf(" noise %u", (unsigned)bad_bytes);
		icpb_put_noise(out, bad_bytes);
	} else {
		return false;
	}
	return true;
}

static void take(icpb_receiver *receiver, uint8_t byte)
{
	icpb_packet in, out;
	uint8_t frame[ICPB_MOST_FRAME];
	if (!icpb_receive(receiver, byte, &in)) return;
	printf("%u %u %u ", (unsigned)in.version, (unsigned)in.type, (unsigned)in.sequence);
	print_hex(in.payload, in.length);
	printf(";");
	print_hex(frame, icpb_write(&in, frame));
	printf(";");
	if (tell(&in, &out)) {
		printf(";");
		print_hex(frame, icpb_write(&out, frame));
	}
	printf("|");
}

static int nibble(int character)
{
	return character <= '9' ? character - '0' : character - 'a' + 10;
}

int main(void)
{
	icpb_receiver receiver;
	int high, low;
	memset(&receiver, 0, sizeof receiver);
	while ((high = getchar()) != EOF) {
		if (high == '\n') {
			printf("bad %u\n", (unsigned)receiver.bad_bytes);
			memset(&receiver, 0, sizeof receiver);
			continue;
		}
		low = getchar();
		if (low == EOF) return 1;
		take(&receiver, (uint8_t)((nibble(high) << 4) | nibble(low)));
	}
	return 0;
}
